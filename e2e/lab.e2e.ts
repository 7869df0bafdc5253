// The lab page: models of both formats are planned and run encrypted, what goes wrong is said, and everybody can use it.

import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { findings } from './support/axe.ts';
import {
  idle,
  largestError,
  openLab,
  planned,
  refusal,
  run,
  take,
  takeExample,
  upload,
} from './support/lab.ts';
import { reluNetworkFile } from '../fixtures/relu-network.ts';
import { longestTask, pressWhen, startTicker } from './support/moments.ts';

for (const { name, tag } of [
  { name: 'digits.onnx', tag: [] },
  { name: 'digits.pt', tag: ['@long'] },
]) {
  test(`${name} is planned, and run encrypted beside the clear`, { tag }, async ({ page }) => {
    await openLab(page);
    await take(page, 'Model', name);
    await take(page, 'Input', 'digits-input.npy');
    await planned(page);
    await expect(page.getByRole('heading', { name })).toBeVisible();
    await expect(page.getByRole('region', { name: 'Layers' }).getByRole('row')).toHaveCount(7);
    await expect(page.getByRole('region', { name: 'What it will cost' })).toContainText('CKKS, N = ');
    await page.getByLabel('Inputs at once').fill('10');
    await page.getByLabel('Inputs at once').press('Tab');
    await planned(page);
    await run(page);
    await expect(page.getByText('10 of 10')).toBeVisible();
    await expect(page.getByText('Encrypted, simd')).toBeVisible();
    expect(await largestError(page)).toBeGreaterThan(0);
    expect(await largestError(page)).toBeLessThan(0.05);
  });
}

test('the example runs layer by layer, and its report is a JSON file', async ({ page }) => {
  await openLab(page);
  await takeExample(page);
  await page.getByLabel('Report the error after each layer').check();
  await run(page);
  await expect(page.getByRole('img', { name: 'Largest error after each layer' })).toBeVisible();
  await expect(page.getByRole('columnheader', { name: 'Max error' })).toBeVisible();
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save report' }).click(),
  ]);
  const report = JSON.parse(await readFile(await saved.path(), 'utf8')) as {
    plan: { layers: unknown[] };
    result: { outputs: number[][]; layers: { maxAbsError: number }[] };
  };
  expect(report.plan.layers).toHaveLength(6);
  expect(report.result.outputs[0]).toHaveLength(10);
  for (const { maxAbsError } of report.result.layers) expect(maxAbsError).toBeLessThan(0.05);
});

test(
  'the page answers while a network with a ReLU is planned and runs, and Stop works',
  { tag: '@long' },
  async ({ page }) => {
    await openLab(page);
    const gap = await startTicker(page);
    const pixels = Array.from({ length: 28 * 28 }, (_, i) => ((i * 37) % 101) / 100);
    const input = upload(
      'pixels.json',
      JSON.stringify([[Array.from({ length: 28 }, (_, row) => pixels.slice(28 * row, 28 * row + 28))]]),
    );
    const told: string[] = [];
    const during = async (what: string, work: () => Promise<void>): Promise<void> => {
      await gap();
      const began = performance.now();
      const taskMs = await longestTask(page, work);
      const tookMs = performance.now() - began;
      const { longestMs, ticks } = await gap();
      // What another could not have done meanwhile: the page ticked on.
      expect(ticks).toBeGreaterThan(10);
      told.push(
        `${what}: ${tookMs.toFixed(0)} ms; longest gap ${longestMs.toFixed(0)} ms of ${ticks}, longest task ${taskMs.toFixed(0)} ms of CPU`,
      );
    };
    await during('planning', async () => {
      await take(page, 'Model', 'relu.onnx', upload('relu.onnx', reluNetworkFile()));
      await planned(page);
    });
    await take(page, 'Input', 'pixels.json', input);
    await planned(page);
    // The press comes while the form that has begun the run is still being sent: sooner than any person's could.
    await pressWhen(page, '[data-phase=running]', 'Stop');
    await page.getByRole('button', { name: 'Run it encrypted' }).click();
    await expect(page.getByText('Stopped.')).toBeVisible();
    await idle(page);
    await expect(page.getByRole('region', { name: 'What came of it' })).toBeHidden();
    await during('the run', () => run(page));
    expect(await largestError(page)).toBeLessThan(0.5);
    console.log(told.join('\n'));
  },
);

test('a parameter sweep marks the sets that none beats', async ({ page }) => {
  await openLab(page);
  await takeExample(page);
  await pressWhen(page, '[data-set="2"]', 'Stop');
  await page.getByRole('button', { name: 'Try other parameters' }).click();
  await expect(page.getByText('Stopped.')).toBeVisible();
  await idle(page);
  await expect(page.locator('[data-set]')).toHaveCount(2);
  const plot = page.getByRole('img', { name: /^Time against error of/ });
  await expect(plot).toBeVisible();
  expect(await page.locator('[data-set].front').count()).toBeGreaterThanOrEqual(1);
});

test('a file that is no model, and an input that does not fit, are refused in words', async ({ page }) => {
  await openLab(page);
  await take(page, 'Model', 'broken.onnx', upload('broken.onnx', 'this is no network'));
  expect(await refusal(page)).not.toBe('');
  await expect(page.getByRole('button', { name: 'Run it encrypted' })).toBeDisabled();
  await take(page, 'Model', 'digits.onnx');
  await planned(page);
  await take(page, 'Input', 'wrong.json', upload('wrong.json', '[1, 2, 3]'));
  expect(await refusal(page)).toContain('does not fit');
});

test('axe finds nothing serious before and after a run, in either theme', async ({ page }) => {
  await openLab(page);
  expect(await findings(page)).toEqual([]);
  await takeExample(page);
  await run(page);
  await page.getByText('The plan:').click();
  expect(await findings(page)).toEqual([]);
});

test('a phone needs no sideways scrolling', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await openLab(page);
  await takeExample(page);
  await run(page);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBe(0);
});

// The benchmark page: it measures, shows figures and saves them. How fast this machine is, is no test.

import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { pressWhen } from './support/moments.ts';

/** What a figure of the page looks like. */
const FIGURE = /^\d[\d.]* (ms|µs)$/;

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
}

test('the kernel against node-seal: a table that fills, stops, and can be saved', async ({ page }) => {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.goto('/bench.html');
  await expectAccessible(page);
  const save = page.getByRole('button', { name: 'Save all figures as JSON' });
  await expect(save).toBeDisabled();
  await page.getByLabel('Pairs').selectOption('3');
  await pressWhen(page, '[data-case] ~ [data-case]', 'Stop');
  await page.getByRole('button', { name: 'Measure' }).click();
  const rows = page.locator('[data-case]');
  const status = page.locator('[data-kernel]');
  await expect(status).toHaveAttribute('data-kernel', /stopped|failed/);
  expect(faults).toEqual([]);
  await expect(status).toHaveAttribute('data-kernel', 'stopped');
  const cells = await rows.first().locator('td').allInnerTexts();
  expect(cells.slice(0, 2)).toEqual(['8192', '5']);
  expect(cells[2]).toMatch(FIGURE);
  expect(cells[3]).toMatch(FIGURE);
  expect(cells[4]).toMatch(/^\d[\d.]*×$/);
  await expectAccessible(page);
  const [saved] = await Promise.all([page.waitForEvent('download'), save.click()]);
  const report = JSON.parse(await readFile(await saved.path(), 'utf8')) as {
    kernel: { cases: { name: string; sealMs: number; simdMs: number; ratio: number }[] };
  };
  expect(report.kernel.cases.length).toBeGreaterThanOrEqual(2);
  for (const { sealMs, simdMs, ratio } of report.kernel.cases) {
    expect(Math.min(sealMs, simdMs)).toBeGreaterThan(0);
    expect(ratio).toBeCloseTo(sealMs / simdMs, 6);
  }
  expect(faults).toEqual([]);
});

test('from key press to verified picture: a median and its stages', { tag: '@long' }, async ({ page }) => {
  await page.goto('/bench.html');
  await page.getByRole('button', { name: 'Type' }).click();
  const status = page.locator('[data-typing]');
  await expect(page.getByRole('button', { name: 'Measure' })).toBeDisabled();
  await expect(status).not.toHaveAttribute('data-typing', 'running');
  await expect(status).toHaveAttribute('data-typing', 'done');
  expect(await page.locator('[data-median]').innerText()).toMatch(FIGURE);
  const stages = page.getByRole('table', { name: 'Medians of the stages' });
  for (const figure of await stages.locator('td').allInnerTexts()) expect(figure).toMatch(FIGURE);
  await expect(stages.locator('tbody tr')).toHaveCount(5);
  await expectAccessible(page);
});

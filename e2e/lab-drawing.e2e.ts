// The lab as a place to try: a digit drawn by mouse or keyboard, pictures as pictures, a cut that moves, what can be saved.

import { readFile } from 'node:fs/promises';
import { expect, type Page, test } from '@playwright/test';
import { findings } from './support/axe.ts';
import { idle, openLab, planned, run, takeExample } from './support/lab.ts';

const pad = (page: Page) => page.getByRole('application', { name: /Pad to draw a digit on/ });

/** Draws lines through points of the pad's unit square with the mouse. */
async function draw(page: Page, ...points: readonly (readonly [number, number])[]): Promise<void> {
  await pad(page).scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await pad(page).boundingBox())!;
  const [first, ...rest] = points.map(([u, v]) => [x + u * width, y + v * height] as const);
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const point of rest) await page.mouse.move(...point, { steps: 8 });
  await page.mouse.up();
}

async function ask(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Ask the server' }).click();
  await expect(page.getByRole('region', { name: 'What came of it' })).toBeVisible();
  await idle(page);
}

test('a digit drawn with the mouse, or with the keyboard, is read by a server that does not see it', async ({
  page,
}) => {
  await openLab(page);
  await takeExample(page);
  await draw(page, [0.25, 0.2], [0.7, 0.2], [0.45, 0.85]);
  await ask(page);
  await expect(page.locator('[data-figure=label]')).toContainText('It says 7');
  await expect(page.getByText('Encrypted, simd')).toBeVisible();
  await page.getByRole('button', { name: 'Clear' }).click();
  await expect(page.getByRole('button', { name: 'Ask the server' })).toBeDisabled();
  await pad(page).focus();
  for (let i = 0; i < 6; i += 1) await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Space');
  for (let i = 0; i < 12; i += 1) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await expect(pad(page)).toHaveAccessibleName(/1 stroke, pen up/);
  await ask(page);
  await expect(page.locator('[data-figure=label]')).toContainText('It says 1');
  expect(await findings(page)).toEqual([]);
});

test('a cut that moves leaves the layers below it to the client', async ({ page }) => {
  await openLab(page);
  await takeExample(page);
  const graph = page.getByRole('region', { name: 'Who computes what' });
  const keysBefore = await page.getByRole('region', { name: 'What it will cost' }).innerText();
  await graph.getByRole('radio', { name: /takes over after layer 1/ }).check();
  await planned(page);
  await expect(graph).toContainText('the values after layer 1');
  expect(await page.getByRole('region', { name: 'What it will cost' }).innerText()).not.toBe(keysBefore);
  await run(page);
  await expect(page.getByText('1 of 1')).toBeVisible();
  await expect(page.locator('[data-figure=label]')).toContainText('It says');
  // The keyboard moves it as well.
  await graph.getByRole('radio', { name: /takes over after layer 1/ }).press('ArrowDown');
  await planned(page);
  await expect(graph).toContainText('the values after layer 2');
});

test('an output that is a picture is shown as one, with the client in rounds', async ({ page }) => {
  await openLab(page);
  await page.getByRole('button', { name: 'U-Net' }).click();
  await planned(page);
  await expect(page.getByRole('region', { name: 'Who computes what' })).toContainText('the client');
  await run(page);
  await expect(page.getByRole('img', { name: 'Decrypted' })).toBeVisible();
  await expect(page.getByRole('img', { name: 'In the clear' })).toBeVisible();
});

test('plan and Python can be saved', async ({ page }) => {
  await openLab(page);
  await takeExample(page);
  const save = async (name: string): Promise<string> => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name, exact: true }).click(),
    ]);
    return readFile(await download.path(), 'utf8');
  };
  expect(await save('Save plan')).toContain('linear');
  expect(await save('Save Python')).toContain('torch.onnx.export');
});

test('a refusal speaks of what the page has', async ({ page }) => {
  await openLab(page);
  await page.getByRole('button', { name: 'U-Net' }).click();
  await planned(page);
  await page.getByLabel('Let the client compute what the scheme cannot').uncheck();
  await expect(page.locator('[data-code=unsupported-layer]')).toContainText(
    '“Let the client compute what the scheme cannot” would do',
  );
});

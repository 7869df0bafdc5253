// The lab's parameter tester: a set that is typed and a file of sets run beside ours, on the layers asked for, and can be stopped.

import { readFile } from 'node:fs/promises';
import { expect, type Page, test } from '@playwright/test';
import { openLab, takeExample, upload } from './support/lab.ts';

/** The tester's part of the page. */
const tester = (page: Page) => page.getByRole('region', { name: 'Your parameters beside ours' });

/** Waits until a test has begun and is done. */
async function tested(page: Page, sets: number): Promise<void> {
  await expect(page.locator('[data-tested=ours]')).toHaveCount(2);
  await expect(page.locator('[data-tester]')).toHaveAttribute('data-tester', 'idle');
  await expect(page.locator('[data-tested]')).toHaveCount(sets + 2);
}

test('a set that is typed runs in digits, beside the same network in slots and in CKKS', async ({ page }) => {
  await openLab(page);
  await takeExample(page);
  const part = tester(page);
  await part.getByLabel('Layers').fill('0');
  await part.getByRole('button', { name: 'Test this set' }).click();
  await tested(page, 1);
  const first = page.locator('[data-tested="1"]');
  expect(Number(await first.getAttribute('data-error'))).toBeLessThan(1e-6);
  await expect(part.getByRole('img', { name: /^Noise budget after each layer/ })).toBeVisible();
  await first.getByText('Layers').click();
  await expect(first.getByRole('row')).toHaveCount(2);
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    part.getByRole('button', { name: 'Save results.json' }).click(),
  ]);
  const [[set, , rows]] = JSON.parse(await readFile(await saved.path(), 'utf8')) as [
    [object, object, object[]],
  ];
  expect(set).toMatchObject({ m: 2048, p: 13513511, sec: 128, base: 2 });
  expect(rows).toMatchObject([{ layer_name: 'start' }, { max_error: expect.any(Number) as unknown }]);
});

test('a file of PyCrCNN’s opens: what fails is named, with the nearest that works', async ({ page }) => {
  await openLab(page);
  await takeExample(page);
  const part = tester(page);
  const file = {
    model_path: 'elsewhere.pt',
    encryption_parameters: [{ m: 2048, p: 17, sec: 128, base: 2 }],
    layers: [0],
    dataset: 'MNIST',
  };
  const input = part.locator('input[type=file]');
  await input.setInputFiles(upload('encryption_parameters.json', JSON.stringify(file)));
  await tested(page, 1);
  await expect(part).toContainText(/coefficients pass p\/2/);
  await expect(part).toContainText(/Nearest that works: p = \d+/);
  await expect(part).toContainText('a page opens no paths');
});

test('a test stops when it is told to, and what is no set is refused in words', async ({ page }) => {
  await openLab(page);
  await takeExample(page);
  const part = tester(page);
  await part.getByRole('button', { name: 'Test this set' }).click();
  await expect(page.locator('[data-tester]')).toHaveAttribute('data-tester', 'busy');
  await part.getByRole('button', { name: 'Stop the test' }).click();
  await expect(part.getByText('Stopped.')).toBeVisible();
  await part.getByLabel('p, the plain modulus').fill('many');
  await part.getByRole('button', { name: 'Test this set' }).click();
  await expect(part.locator('[data-code]')).toContainText(
    '"p" of encryption_parameters 1 must be a whole number',
  );
});

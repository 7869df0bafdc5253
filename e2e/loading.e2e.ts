// Files that do not arrive: the page says which one and why, and Retry loads it without a reload.

import { expect, type Page, test } from '@playwright/test';
import { make } from './support/studio.ts';

/** The page's WebAssembly files, by the beginning of their names, and what the page calls them. */
const FILES = [
  ['kernel', 'The SIMD kernel'],
  ['client', 'The client kernel'],
  ['zxing_reader', 'The QR reader zxing'],
  ['zbar', 'The QR reader zbar'],
] as const;

function readiness(page: Page): Promise<void> {
  return expect(page.locator('[data-readiness]')).toHaveAttribute('data-readiness', 'ready');
}

/** Waits for the error of a file that has not loaded. */
async function failure(page: Page, text: string): Promise<void> {
  const alert = page.getByRole('alert').filter({ hasText: text });
  await expect(alert).toBeVisible();
  await expect(alert.locator('[data-code]')).toHaveAttribute('data-code', 'load-failed');
  await expect(alert).not.toContainText('browser of 2025');
}

for (const [file, name] of FILES) {
  test(`a blocked ${file} is named, and Retry loads it`, async ({ page }) => {
    let isBlocked = true;
    await page.route(`**/assets/${file}*.wasm`, (route) => (isBlocked ? route.abort() : route.continue()));
    await page.goto('/');
    await failure(page, `${name} (${file}`);
    await expect(page.getByRole('alert').filter({ hasText: name })).toContainText('may block the file');
    isBlocked = false;
    await page.getByRole('button', { name: 'Retry' }).click();
    await readiness(page);
    await expect(page.locator('[data-code]')).toHaveCount(0);
    await make(page);
  });

  test(`a missing and a damaged ${file} are told apart, and Retry loads it`, async ({ page }) => {
    let state: 'missing' | 'damaged' | 'whole' = 'missing';
    await page.route(`**/assets/${file}*.wasm`, async (route) => {
      if (state === 'missing') return route.fulfill({ status: 404 });
      const response = await route.fetch();
      const body = await response.body();
      return route.fulfill({
        response,
        body: state === 'damaged' ? body.subarray(0, body.length / 2) : body,
      });
    });
    await page.goto('/');
    await failure(page, name);
    await expect(page.getByRole('alert').filter({ hasText: name })).toContainText('HTTP status 404');
    state = 'damaged';
    await page.getByRole('button', { name: 'Retry' }).click();
    await failure(page, 'not the file as it was made');
    state = 'whole';
    await page.getByRole('button', { name: 'Retry' }).click();
    await readiness(page);
    await make(page);
  });
}

test('the button loads what failed as well', async ({ page }) => {
  let isBlocked = true;
  await page.route('**/assets/zbar*.wasm', (route) => (isBlocked ? route.abort() : route.continue()));
  await page.goto('/');
  await failure(page, 'The QR reader zbar');
  // Still blocked: the run says so itself, and offers the same.
  await page.getByRole('button', { name: 'Make it' }).click();
  const failed = page.getByRole('alert').filter({ hasText: 'That did not work' });
  await expect(failed).toContainText('The QR reader zbar');
  isBlocked = false;
  await failed.getByRole('button', { name: 'Retry' }).click();
  await expect(page.locator('[data-phase]').first()).toHaveAttribute('data-phase', 'done');
  await readiness(page);
});

test('a blocked style network is named, and Retry loads it', async ({ page }) => {
  let isBlocked = true;
  await page.route('**/models/features-nine.onnx', (route) => (isBlocked ? route.abort() : route.continue()));
  await page.goto('/');
  await failure(page, 'The network of a style (features-nine.onnx)');
  isBlocked = false;
  await page.getByRole('button', { name: 'Retry' }).click();
  await readiness(page);
});

test('an old browser is told so, and is not asked to retry', async ({ page }) => {
  // Workers as in a browser without exception references: there nothing that needs them validates.
  await page.route('**/assets/{client,server,scan}-*.js', async (route) => {
    const response = await route.fetch();
    const body = `WebAssembly.validate = () => false;\n${await response.text()}`;
    await route.fulfill({ response, body });
  });
  await page.goto('/');
  await expect(page.getByRole('alert').filter({ hasText: 'a browser of 2025 or later' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Retry' })).toHaveCount(0);
});

test('the lab retries what failed: the example, then the kernel', async ({ page }) => {
  const blocked = new Set(['digits.onnx', 'kernel']);
  await page.route('**/{assets/kernel*.wasm,models/digits.onnx}', (route) =>
    [...blocked].some((name) => route.request().url().includes(name)) ? route.abort() : route.continue(),
  );
  await page.goto('/lab.html');
  await page.getByRole('button', { name: 'Digits', exact: true }).click();
  await failure(page, 'The example (digits.onnx)');
  blocked.delete('digits.onnx');
  await page.getByRole('button', { name: 'Retry' }).click();
  await failure(page, 'The SIMD kernel (kernel');
  blocked.delete('kernel');
  await page.getByRole('button', { name: 'Retry' }).click();
  await expect(page.getByText('Planned. Nothing has been encrypted yet.')).toBeVisible();
  await expect(page.locator('[data-code]')).toHaveCount(0);
});

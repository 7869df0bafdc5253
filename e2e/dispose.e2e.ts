// A browser without Symbol.dispose, as WebKit is: the page and all its workers do their work there as well.

import { expect, type Page, test } from '@playwright/test';
import { removeDisposeSymbols } from '../fixtures/without-dispose.ts';
import { decode } from './support/decode.ts';
import { openLab, run, takeExample } from './support/lab.ts';
import { download, make, openStudio } from './support/studio.ts';

/** Takes the symbols away from the page and its workers before any of their code runs. @returns the scripts changed */
async function withoutDispose(page: Page): Promise<string[]> {
  const changed: string[] = [];
  await page.route(/\.m?js$/, async (route) => {
    const response = await route.fetch();
    changed.push(route.request().url());
    // In each script and not the first alone: what a worker's entry imports runs before it.
    await route.fulfill({
      response,
      body: `(${removeDisposeSymbols.toString()})();\n${await response.text()}`,
    });
  });
  return changed;
}

test('a browser without Symbol.dispose makes a code, and runs the example network', async ({ page }) => {
  const changed = await withoutDispose(page);
  await openStudio(page);
  expect(changed.some((url) => /\/client-[^/]*\.js$/.test(url))).toBe(true);
  await make(page);
  const { bytes } = await download(page, 'PNG');
  expect(await decode(bytes)).toEqual({
    zxing: 'https://example.org/letter',
    zbar: 'https://example.org/letter',
  });
  // What the page has now is what the entries gave it, not the engine's own.
  const registered = (): boolean => Symbol.keyFor(Symbol.dispose) === 'Symbol.dispose';
  expect(await page.evaluate(registered)).toBe(true);
  for (const worker of page.workers()) expect(await worker.evaluate(registered)).toBe(true);

  await openLab(page);
  await takeExample(page);
  await run(page);
  await expect(page.getByText('Encrypted, simd')).toBeVisible();
});

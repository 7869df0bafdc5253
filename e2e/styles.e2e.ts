// Every style, from typing to a file that two scanners outside the page read back exactly.

import { expect, type Page, test } from '@playwright/test';
import { decode } from './support/decode.ts';
import { choose, download, make, openStudio, setLive } from './support/studio.ts';

/** The SVG as Chromium draws it, as a PNG. */
async function drawSvg(page: Page, bytes: Uint8Array): Promise<Uint8Array> {
  const blank = await page.context().newPage();
  try {
    await blank.setContent(`<img src="data:image/svg+xml;base64,${Buffer.from(bytes).toString('base64')}">`);
    return await blank.locator('img').screenshot();
  } finally {
    await blank.close();
  }
}

async function expectToRead(page: Page, style: string, text: string): Promise<void> {
  await make(page);
  for (const decoder of ['zxing', 'zbar']) {
    await expect(page.locator(`[data-decoder=${decoder}]`)).toHaveAttribute('data-read', 'true');
  }
  const both = { zxing: text, zbar: text };
  const png = await download(page, 'PNG');
  expect(png.name).toBe(`sealed-qr-${style}.png`);
  expect(await decode(png.bytes)).toEqual(both);
  const svg = await download(page, 'SVG');
  expect(svg.name).toBe(`sealed-qr-${style}.svg`);
  expect(await decode(await drawSvg(page, svg.bytes))).toEqual(both);
}

test('a link in Gradient', async ({ page }) => {
  await openStudio(page);
  await choose(page, 'Gradient');
  await page.getByLabel('Web address').fill('example.org/letter?from=a&to=b');
  await expectToRead(page, 'gradient', 'https://example.org/letter?from=a&to=b');
});

test('a Wi-Fi password with punctuation in Liquid', async ({ page }) => {
  await openStudio(page);
  // The first run is to be the button's: it reports the keys.
  await setLive(page, false);
  await choose(page, 'Wi-Fi');
  await page.getByLabel('Network name').fill('Cabin "north"');
  await page.getByLabel('Password', { exact: true }).fill('correct;horse\\');
  await choose(page, 'Liquid');
  await expectToRead(page, 'liquid', 'WIFI:T:WPA;S:Cabin \\"north\\";P:correct\\;horse\\\\;;');
  await page.getByText('Parameters and figures').click();
  await expect(
    page.getByText('Evaluation keys sent').locator('xpath=following-sibling::dd[1]'),
  ).toContainText(/\d (kB|MB)/);
});

test('emoji and accents in Dots, at the highest level, twice without new keys', async ({ page }) => {
  await openStudio(page);
  await choose(page, 'Text');
  await page.getByRole('textbox', { name: 'Text' }).fill('🦊 Füchse, λίγο');
  await choose(page, 'Dots');
  await choose(page, 'H, repairs');
  await expectToRead(page, 'dots', '🦊 Füchse, λίγο');
  await setLive(page, false);
  await page.getByRole('textbox', { name: 'Text' }).fill('🦊 Füchse, λίγα');
  await expect(page.getByText('You have changed something since.')).toBeVisible();
  await expectToRead(page, 'dots', '🦊 Füchse, λίγα');
  await page.getByText('Parameters and figures').click();
  await expect(page.getByText('none (the server has them)')).toBeVisible();
});

test('the colours of the study, running down: corrected, and the change is shown', async ({ page }) => {
  await openStudio(page);
  await choose(page, 'Gradient');
  await choose(page, 'Down');
  await page.getByLabel('Start colour').fill('#158906');
  await page.getByLabel('End colour').fill('#f76909');
  await page.getByLabel('Background colour').fill('#ffffff');
  await page.getByLabel('Web address').fill('example.org/study');
  await expectToRead(page, 'gradient', 'https://example.org/study');
  const changed = page.getByRole('listitem').filter({ hasText: 'became' });
  await expect(changed).toHaveCount(1);
  await expect(changed).toContainText(/End\s+#f76909\s+became\s+#[0-9a-f]{6}/);
});

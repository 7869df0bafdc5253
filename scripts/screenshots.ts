// `npm run screenshots`: pictures of the built page after a run, wide and phone, light and dark, into docs/screenshots.

import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { preview } from 'vite';
import { browserArguments, browserExecutable } from './browser.ts';
import { root } from './gates.ts';

const folder = resolve(root, 'docs/screenshots');
const sizes = {
  wide: { viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1 },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5 },
} as const;

/** Fills in a Wi-Fi password and waits for its code. */
async function makeCode(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.locator('[data-readiness=ready]').waitFor();
  await page.getByRole('radio', { name: 'Wi-Fi' }).check({ force: true });
  await page.getByLabel('Network name').fill('Cabin "north"');
  await page.getByLabel('Password', { exact: true }).fill('correct;horse\\');
  await page.getByRole('button', { name: 'Make it' }).click();
  await page.locator('[data-phase=done]').first().waitFor({ timeout: 0 });
  await page.mouse.move(0, 0);
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
}

const server = await preview({ root, logLevel: 'error', preview: { port: 4180, strictPort: false } });
const { path, environment } = await browserExecutable();
const browser = await chromium.launch({
  executablePath: path,
  env: environment,
  args: [...browserArguments],
});
try {
  await mkdir(folder, { recursive: true });
  for (const [size, options] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ ...options, colorScheme });
      await makeCode(page, server.resolvedUrls!.local[0]);
      const file = resolve(folder, `${size}-${colorScheme}.png`);
      // On a phone, what the eye sees when the run ends; at a desk, the whole page.
      await page.screenshot({ path: file, fullPage: size === 'wide' });
      console.log(`docs/screenshots/${size}-${colorScheme}.png`);
      await page.close();
    }
  }
} finally {
  await browser.close();
  await server.close();
}

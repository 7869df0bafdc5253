// Chromium as an engine: the one that the end-to-end tests use, driven by Playwright.

import { readFile } from 'node:fs/promises';
import { chromium as playwright, type Page } from '@playwright/test';
import { browserArguments, browserExecutable } from '../../scripts/browser.ts';
import { type EngineKind, HANG } from './engine.ts';

/** Chromium, which npm brings. */
export const chromium: EngineKind = {
  name: 'Chromium',
  missing: () => [],
  async start() {
    const { path, environment } = await browserExecutable();
    const browser = await playwright.launch({
      executablePath: path,
      env: environment,
      args: [...browserArguments],
    });
    const context = await browser.newContext({ viewport: { width: 1300, height: 960 } });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    context.setDefaultTimeout(HANG);
    let page: Page | undefined;
    const current = (): Page => {
      if (!page) throw new Error('No page is open.');
      return page;
    };
    return {
      version: browser.version(),
      async open(address) {
        await page?.close();
        page = await context.newPage();
        await page.goto(address);
      },
      evaluate: (code, ...args) => current().evaluate(`(${code.toString()})(...${JSON.stringify(args)})`),
      click: ({ x, y }) => current().mouse.click(x, y),
      type: (text) => current().keyboard.type(text),
      paste: () => current().keyboard.press('Control+V'),
      screenshot: () => current().screenshot(),
      async download(trigger) {
        const [saved] = await Promise.all([current().waitForEvent('download'), trigger()]);
        return {
          name: saved.suggestedFilename(),
          bytes: Uint8Array.from(await readFile(await saved.path())),
        };
      },
      close: () => browser.close(),
    };
  },
};

// Firefox as an engine: Debian's, driven by Puppeteer over WebDriver BiDi.

import { existsSync } from 'node:fs';
import { launch, type Page } from 'puppeteer-core';
import { type EngineKind, HANG, savedIn } from './engine.ts';
import { isInstalled, makeHome, startScreen } from './processes.ts';

const PROGRAM = '/usr/bin/firefox-esr';

/** Firefox. It has a screen, invisible as it is: without one its clipboard holds no pictures. */
export const firefox: EngineKind = {
  name: 'Firefox',
  missing: () => [...(existsSync(PROGRAM) ? [] : ['firefox-esr']), ...(isInstalled('Xvfb') ? [] : ['xvfb'])],
  async start() {
    const home = await makeHome();
    const screen = await startScreen();
    const close = async (): Promise<void> => {
      await screen.close();
      await home.remove();
    };
    const browser = await launch({
      browser: 'firefox',
      executablePath: PROGRAM,
      headless: false,
      env: { ...home.environment, DISPLAY: screen.display },
      defaultViewport: null,
      args: ['--width=1300', '--height=1040'],
      protocolTimeout: HANG,
      timeout: HANG,
      extraPrefsFirefox: {
        'browser.download.folderList': 2,
        'browser.download.dir': home.saved,
        'browser.download.alwaysOpenPanel': false,
      },
    }).catch(async (error: unknown) => {
      await close();
      throw error;
    });
    let page: Page | undefined;
    const current = (): Page => {
      if (!page) throw new Error('No page is open.');
      return page;
    };
    return {
      version: (await browser.version()).replace(/^.*\//, ''),
      async open(address) {
        // A page of its own each time: going elsewhere and back in one makes Puppeteer wait for ever.
        const next = await browser.newPage();
        next.setDefaultTimeout(HANG);
        await next.goto(address);
        await page?.close();
        page = next;
      },
      evaluate: (code, ...args) =>
        current().evaluate(`(${code.toString()})(...${JSON.stringify(args)})`) as never,
      click: ({ x, y }) => current().mouse.click(x, y),
      type: (text) => current().keyboard.type(text),
      async paste() {
        const { keyboard } = current();
        await keyboard.down('Control');
        await keyboard.press('v');
        await keyboard.up('Control');
      },
      screenshot: () => current().screenshot(),
      download: (trigger) => savedIn(home.saved, trigger),
      async close() {
        await browser.close();
        await close();
      },
    };
  },
};

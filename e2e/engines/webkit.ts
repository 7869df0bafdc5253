// WebKit, hence nearly Safari, as an engine: Debian's WebKitGTK with its own small browser, driven by W3C WebDriver.

import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type EngineKind, savedIn } from './engine.ts';
import { begin, end, isInstalled, makeHome, startScreen } from './processes.ts';
import { openSession } from './webdriver.ts';

/** WebKitGTK's own browser, below the folder of this machine's architecture; undefined where it is not installed. */
function miniBrowser(): string | undefined {
  return ['/usr/lib', ...folders('/usr/lib')]
    .flatMap((library) => ['4.1', '4.0'].map((version) => join(library, `webkit2gtk-${version}/MiniBrowser`)))
    .find((path) => existsSync(path));
}

function folders(parent: string): string[] {
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(parent, name));
}

/** A port of this machine that nobody listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('No port.')),
      );
    });
  });
}

/** WebKit. */
export const webkit: EngineKind = {
  name: 'WebKit',
  missing: () => [
    ...(isInstalled('WebKitWebDriver') && miniBrowser() !== undefined ? [] : ['webkit2gtk-driver']),
    ...(isInstalled('Xvfb') ? [] : ['xvfb']),
  ],
  async start() {
    const home = await makeHome();
    const screen = await startScreen();
    const port = await freePort();
    const driver = await begin('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], {
      env: { ...home.environment, DISPLAY: screen.display },
      stdio: 'ignore',
    });
    const closeAll = async (): Promise<void> => {
      await end(driver);
      await screen.close();
      await home.remove();
    };
    try {
      const session = await openSession(port, {
        'webkitgtk:browserOptions': { binary: miniBrowser(), args: ['--automation'] },
      });
      return {
        version: session.version,
        open: (address) => session.open(address),
        evaluate: (code, ...args) =>
          session.execute(`return (${code.toString()})(...arguments);`, args) as never,
        click: (point) => session.click(point),
        type: (text) => session.type(text),
        paste: () => session.paste(),
        screenshot: () => session.screenshot(),
        download: (trigger) => savedIn(home.saved, trigger),
        async close() {
          await session.close();
          await closeAll();
        },
      };
    } catch (error) {
      await closeAll();
      throw error;
    }
  },
};

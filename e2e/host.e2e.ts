// The client worker's protection: on a plain static host it has the page's policy, without that it makes no keys, and what
// could change its realm is frozen.

import { resolve } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { headers } from '../scripts/policy.ts';
import { ATTACKS } from '../fixtures/hostile-messages.ts';
import { servePlainly, withoutPolicy } from './support/plain-server.ts';
import { make, openStudio } from './support/studio.ts';
import { workerNamed } from './support/workers.ts';

const built = resolve(import.meta.dirname, '../dist');

/** Whether a request of the client worker to another origin arrives. */
async function reachOf(page: Page): Promise<{ arrived: boolean }> {
  const client = await workerNamed(page, 'client');
  return client.evaluate(async () => {
    // This host under its number, which is another origin.
    const other = new URL('/favicon.svg', location.origin.replace('localhost', '127.0.0.1'));
    return fetch(other, { mode: 'no-cors' }).then(
      () => ({ arrived: true }),
      () => ({ arrived: false }),
    );
  });
}

/** The page's own words about a failure, once there are some. */
async function complaint(page: Page, code: string): Promise<string> {
  const alert = page.locator(`[data-code="${code}"]`).first();
  await expect(alert).toBeVisible();
  return alert.innerText();
}

test('a host that sends no headers serves a page whose client worker is protected', async ({ page }) => {
  await using host = await servePlainly(built);
  await openStudio(page, host.origin);
  await make(page);
  expect(await reachOf(page)).toEqual({ arrived: false });
});

test('so does one that sends those of docs/hosting', async ({ page }) => {
  await using host = await servePlainly(built, { headers });
  const told: string[] = [];
  page.on(
    'console',
    (message) => void (/permissions|policy/i.test(message.text()) && told.push(message.text())),
  );
  await openStudio(page, host.origin);
  await make(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(told.filter((text) => /unrecognized|not supported|deprecated/i.test(text))).toEqual([]);
});

test('no text becomes markup or a script of the page, nor does another site’s address become a worker’s', async ({
  page,
}) => {
  await using host = await servePlainly(built);
  await openStudio(page, host.origin);
  const refused = await page.evaluate(() => {
    const { trustedTypes } = globalThis as unknown as {
      trustedTypes: { createPolicy(name: string, rules: object): unknown };
    };
    const tries: Record<string, () => unknown> = {
      markup: () => (document.createElement('p').innerHTML = '<b>bold</b>'),
      script: () => (document.createElement('script').text = 'globalThis.planted = 1'),
      worker: () => new Worker(URL.createObjectURL(new Blob(['']))),
      policy: () => trustedTypes.createPolicy('another', { createHTML: (text: string) => text }),
      // The page has made its own, and may not make it again.
      again: () => trustedTypes.createPolicy('sealed-qr', { createScriptURL: (text: string) => text }),
    };
    return Object.entries(tries).map(([name, attempt]) => {
      try {
        attempt();
        return `${name} worked`;
      } catch (error) {
        return `${name}: ${(error as Error).name}`;
      }
    });
  });
  expect(refused).toEqual(
    ['markup', 'script', 'worker', 'policy', 'again'].map((name) => `${name}: TypeError`),
  );
  await make(page);
});

test('a host that takes the policy out gets no keys, and is told what to set up', async ({ page }) => {
  await using host = await servePlainly(built, { change: withoutPolicy });
  await page.goto(host.origin);
  const words = await complaint(page, 'unprotected');
  expect(words).toContain('could make code of text, it could reach any address');
  expect(words).toContain('docs/hosting');
  // The worker is there, and nothing holds it back: the reach that the other tests deny is looked for rightly.
  expect(await reachOf(page)).toEqual({ arrived: true });
});

test('headers alone, without the page’s own policy, protect it as well', async ({ page }) => {
  await using host = await servePlainly(built, { headers, change: withoutPolicy });
  await openStudio(page, host.origin);
  await make(page);
});

test('a random source that is not the browser’s own makes no keys', async ({ page }) => {
  const planted = `crypto.getRandomValues = ((view) => view).bind(null);\n`;
  await using host = await servePlainly(built, {
    change: (text, path) => (/\/client-[^/]*\.js$/.test(path) ? planted + text : text),
  });
  await page.goto(host.origin);
  expect(await complaint(page, 'unprotected')).toContain('random numbers are not the browser’s own');
});

test('nothing can be changed in the client worker, by messages or from inside', async ({ page }) => {
  await page.addInitScript(() => {
    const Plain = globalThis.Worker;
    const started: Worker[] = [];
    Object.assign(globalThis, { started });
    globalThis.Worker = class extends Plain {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        if (options?.name === 'client') started.push(this);
      }
    };
  });
  await openStudio(page);
  const answers = await page.evaluate(
    (attacks) =>
      Promise.all(
        attacks.map(({ message }, at) => {
          const [client] = (globalThis as unknown as { started: Worker[] }).started;
          return new Promise((done) => {
            client.addEventListener(
              'message',
              ({ data }: MessageEvent<{ id: string; value: { code: string } }>) => {
                if (data.id === `attack ${at}`) done(data.value.code);
              },
            );
            client.postMessage({ id: `attack ${at}`, ...message });
          });
        }),
      ),
    ATTACKS,
  );
  expect(answers).toEqual(ATTACKS.map(() => 'invalid-argument'));
  const client = await workerNamed(page, 'client');
  const outcomes = await client.evaluate(() => {
    const attempt = (act: () => unknown): string => {
      try {
        act();
        return 'done';
      } catch (error) {
        return (error as Error).name;
      }
    };
    const [realm, object] = [
      globalThis as Record<string, unknown>,
      Object.prototype as Record<string, unknown>,
    ];
    return {
      planted: 'planted' in realm || 'planted' in object || 'planted' in Function.prototype,
      compile: attempt(() => Reflect.apply((() => 0).constructor, null, ['return 1']) as unknown),
      compileAsync: attempt(() => Reflect.apply((async () => 0).constructor, null, ['return 1']) as unknown),
      pollute: attempt(() => Object.defineProperty(object, 'planted', { value: 1 })),
      // A property of `crypto` itself is seen when keys are made (src/client/crypto/randomness.ts).
      randomness: attempt(() => Object.defineProperty(Crypto.prototype, 'getRandomValues', { value: 1 })),
      source: attempt(() => Object.defineProperty(globalThis, 'crypto', { value: 1 })),
    };
  });
  expect(outcomes).toEqual({
    planted: false,
    compile: 'EvalError',
    compileAsync: 'EvalError',
    pollute: 'TypeError',
    randomness: 'TypeError',
    source: 'TypeError',
  });
  await make(page);
});

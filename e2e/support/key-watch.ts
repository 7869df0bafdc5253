// The canary's eyes: sees the client's keys as they are made, and records whatever could carry its key away.

import type { Page } from '@playwright/test';
import type { Crossed } from '../../fixtures/key-search.ts';
import { crossedIn, type Recorded, recordOf } from './recording.ts';
import { type SeenKey, watchSecretKeys } from './secret-watch.ts';
import { workerNamed } from './workers.ts';

/**
 * Sees every secret key that the client worker of the page makes, from its first line on, and notes the channels that it
 * opens. Call before the page is opened.
 */
export async function watchClient(page: Page): Promise<void> {
  await page.route(/\/client-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    const first = [watchSecretKeys, watchChannels].map((code) => `(${code.toString()})();\n`);
    const body = `${first.join('')}${await response.text()}`;
    await route.fulfill({ response, body });
  });
}

/** The secret keys that the client worker has made. */
export async function keysOf(page: Page): Promise<SeenKey[]> {
  const client = await workerNamed(page, 'client');
  return client.evaluate(() => (globalThis as unknown as { seenKeys: SeenKey[] }).seenKeys);
}

interface Recorder {
  entries: Recorded[];
  /** Messages to the service. */
  messages: number;
}

/**
 * Records, from the next load on, what the page posts to a worker called `service`, over ports and channels of any kind, and
 * the names and addresses of all workers that it starts. Copies are taken before buffers are transferred.
 */
export async function recordMessages(page: Page): Promise<void> {
  const record = `globalThis.recordOf = ${recordOf.toString()};`;
  await page.addInitScript(record);
  await page.addInitScript(() => {
    const recorder: Recorder = { entries: [], messages: 0 };
    Object.assign(globalThis, { recorder });
    const { recordOf } = globalThis as unknown as { recordOf: (value: unknown, place: string) => Recorded[] };
    const note = (value: unknown, place: string): void =>
      void recorder.entries.push(...recordOf(value, place));
    type Post = (message: unknown, ...more: unknown[]) => void;
    const watch = (sender: { postMessage: Post }, place: string): void => {
      const post = sender.postMessage;
      sender.postMessage = function (this: unknown, message, ...more) {
        note(message, place);
        Reflect.apply(post, this, [message, ...more]);
      };
    };
    watch(MessagePort.prototype as { postMessage: Post }, 'a port');
    watch(BroadcastChannel.prototype, 'a channel');
    const Plain = globalThis.Worker;
    globalThis.Worker = class extends Plain {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        note([String(url), options?.name ?? ''], 'a worker’s name');
        if (options?.name !== 'service') return;
        const post = this.postMessage.bind(this) as Post;
        this.postMessage = (message: unknown, ...more: unknown[]) => {
          recorder.messages += 1;
          note(message, `message ${recorder.messages}`);
          post(message, ...more);
        };
      }
    };
  });
}

/** The addresses that the page and its workers ask for from now on, and what is sent with them. */
export function recordRequests(page: Page): Recorded[] {
  const seen: Recorded[] = [];
  page.context().on('request', (request) => {
    seen.push({ place: 'a request', path: 'address', value: request.url() });
    const body = request.postDataBuffer();
    if (body) seen.push({ place: 'a request', path: 'body', value: Uint8Array.from(body) });
    for (const [name, value] of Object.entries(request.headers())) {
      seen.push({ place: 'a request', path: name, value });
    }
  });
  return seen;
}

/** What the page keeps where it could be found later: storage of every kind, cookies, its address and its title. */
export async function storedBy(page: Page): Promise<Recorded[]> {
  const stored = await page.evaluate(async () => ({
    local: Object.entries({ ...localStorage }),
    session: Object.entries({ ...sessionStorage }),
    databases: (await indexedDB.databases()).map(({ name }) => name ?? ''),
    caches: await caches.keys(),
    page: [document.cookie, location.href, document.title, window.name, JSON.stringify(history.state)],
  }));
  return recordOf(stored, 'storage');
}

/** How much was posted to the service since the page was loaded. */
export function sentToService(page: Page): Promise<{ messages: number; bytes: number }> {
  return page.evaluate(() => {
    const { entries, messages } = (globalThis as unknown as { recorder: Recorder }).recorder;
    const bytes = entries.reduce(
      (sum, { value }) => sum + (value instanceof Uint8Array ? value.length : 0),
      0,
    );
    return { messages, bytes };
  });
}

/** Takes what was recorded in the page so far, which is then forgotten there. */
export async function takeRecorded(page: Page): Promise<Recorded[]> {
  const taken = await page.evaluate(() => {
    const { recorder } = globalThis as unknown as { recorder: Recorder };
    const { entries } = recorder;
    recorder.entries = [];
    const coded = (bytes: Uint8Array): string => {
      let text = '';
      for (let at = 0; at < bytes.length; at += 1 << 15) {
        text += String.fromCharCode(...bytes.subarray(at, at + (1 << 15)));
      }
      return btoa(text);
    };
    return entries.map(({ place, path, value }) =>
      value instanceof Uint8Array
        ? { place, path, bytes: coded(value) }
        : { place, path, bytes: undefined, value },
    );
  });
  return taken.map((entry) => {
    const { place, path } = entry;
    const value =
      entry.bytes === undefined ? entry.value : Uint8Array.from(Buffer.from(entry.bytes, 'base64'));
    return { place, path, value };
  });
}

/** The first frame of ciphertexts in `recorded`: the encrypted code. */
export function firstCiphertextFrame(recorded: readonly Recorded[]): Uint8Array {
  // "SQR", the format's number, and 2 for ciphertexts (src/protocol/frame.ts).
  const isFrame = (value: Recorded['value']): value is Uint8Array<ArrayBuffer> =>
    value instanceof Uint8Array && Buffer.from(value.subarray(0, 3)).toString() === 'SQR' && value[4] === 2;
  const found = recorded.map(({ value }) => value).find(isFrame);
  if (!found) throw new Error('No ciphertext was posted to the service.');
  return found;
}

/** Everything that was recorded, ready to be searched. */
export function toSearch(...recorded: readonly (readonly Recorded[])[]): Crossed[] {
  return crossedIn(recorded.flat());
}

/** Notes every channel and worker that this realm opens. Self-contained, since it travels as text. */
function watchChannels(): void {
  type Opener = new (...args: unknown[]) => object;
  const opened: string[] = [];
  const realm = globalThis as unknown as Record<string, Opener> & { opened: string[] };
  realm.opened = opened;
  for (const name of ['BroadcastChannel', 'MessageChannel', 'Worker', 'SharedWorker', 'WebSocket']) {
    const Plain = realm[name];
    if (!Plain) continue;
    realm[name] = class extends Plain {
      constructor(...args: unknown[]) {
        super(...args);
        opened.push(name);
      }
    };
  }
}

/** What the client worker has opened since it was started. */
export async function channelsOpened(page: Page): Promise<string[]> {
  const client = await workerNamed(page, 'client');
  return client.evaluate(() => (globalThis as unknown as { opened: string[] }).opened);
}

// The canary's eyes: records what is posted to the server role, and searches it.

import type { Page } from '@playwright/test';
import { workerNamed } from './workers.ts';

/** What was posted to server workers. */
export interface SentSummary {
  readonly messages: number;
  readonly bytes: number;
}

/** A place where eight consecutive residues (32 bytes) of the key were found. */
export interface KeySighting {
  readonly message: number;
  readonly offset: number;
  readonly form: '32-bit words' | '64-bit words';
}

interface Recorder {
  readonly parts: Uint8Array[];
  /** Messages so far, recorded parts apart: one message may have many. */
  messages: number;
}

/**
 * Records, from the next load on, every binary value, list of numbers and string in every message that the page posts
 * to a worker called `service`. Copies are taken before buffers are transferred.
 */
export async function recordMessages(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const recorder: Recorder = { parts: [], messages: 0 };
    Object.assign(globalThis, { recorder });
    const record = (value: unknown): void => {
      if (ArrayBuffer.isView(value)) {
        recorder.parts.push(
          new Uint8Array(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)),
        );
      } else if (value instanceof ArrayBuffer) recorder.parts.push(new Uint8Array(value.slice(0)));
      else if (typeof value === 'string') recorder.parts.push(new TextEncoder().encode(value));
      else if (Array.isArray(value) && value.every((item) => typeof item === 'number')) {
        recorder.parts.push(new Uint8Array(Uint32Array.from(value).buffer));
      } else if (value instanceof Map) record([...value]);
      else if (Array.isArray(value) || value instanceof Set) for (const item of value) record(item);
      else if (value && typeof value === 'object') for (const item of Object.values(value)) record(item);
    };
    const Plain = globalThis.Worker;
    globalThis.Worker = class extends Plain {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        if (options?.name !== 'service') return;
        const post = this.postMessage.bind(this) as (message: unknown, more?: unknown) => void;
        this.postMessage = (message: unknown, more?: unknown) => {
          recorder.messages += 1;
          record(message);
          post(message, more);
        };
      }
    };
  });
}

/** Notes every channel and worker that this realm opens. Self-contained, since it travels as text. */
export function watchChannels(): void {
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

/** What the client worker has opened since {@link watchChannels} ran in it. */
export async function channelsOpened(page: Page): Promise<string[]> {
  const client = await workerNamed(page, 'client');
  return client.evaluate(() => (globalThis as unknown as { opened: string[] }).opened);
}

/** How much was posted to the server role since the page was loaded. */
export function sentToServer(page: Page): Promise<SentSummary> {
  return page.evaluate(() => {
    const { parts, messages } = (globalThis as unknown as { recorder: Recorder }).recorder;
    return { messages, bytes: parts.reduce((sum, part) => sum + part.byteLength, 0) };
  });
}

/** The first frame of ciphertexts that was posted: the encrypted code. */
export async function firstCiphertextFrame(page: Page): Promise<Uint8Array> {
  const frame = await page.evaluate(() => {
    const { parts } = (globalThis as unknown as { recorder: Recorder }).recorder;
    // "SQR2", and 2 for ciphertexts (src/protocol/frame.ts).
    const found = parts.find((part) => [0x53, 0x51, 0x52, 0x32, 2].every((byte, at) => part[at] === byte));
    return found && Array.from(found);
  });
  if (!frame) throw new Error('No ciphertext was posted to the server role.');
  return Uint8Array.from(frame);
}

/** Where `key`, a secret key's residues in SEAL's order, occurs in what was posted, at any byte offset. */
export function searchForKey(page: Page, key: Uint32Array): Promise<KeySighting[]> {
  return page.evaluate((residues: number[]) => {
    const { parts } = (globalThis as unknown as { recorder: Recorder }).recorder;
    const places = new Map<number, number[]>();
    residues.forEach((residue, at) => places.set(residue, [...(places.get(residue) ?? []), at]));
    // A bit for each residue's low 24 bits turns most words away at once.
    const likely = new Uint8Array(1 << 21);
    for (const residue of residues) likely[(residue & 0xffffff) >> 3] |= 1 << (residue & 7);
    const sightings: KeySighting[] = [];
    const look = (words: Uint32Array, message: number, shift: number): void => {
      for (let i = 0; i < words.length; i += 1) {
        const word = words[i];
        if ((likely[(word & 0xffffff) >> 3] & (1 << (word & 7))) === 0) continue;
        for (const at of places.get(word) ?? []) {
          const follows = (step: number, count: number): boolean => {
            for (let k = 1; k < count; k += 1) {
              if (words[i + k * step] !== residues[at + k]) return false;
              if (step === 2 && words[i + k * step - 1] !== 0) return false;
            }
            return true;
          };
          const offset = shift + 4 * i;
          if (follows(1, 8)) sightings.push({ message, offset, form: '32-bit words' });
          else if (follows(2, 4)) sightings.push({ message, offset, form: '64-bit words' });
        }
        if (sightings.length >= 100) return;
      }
    };
    parts.forEach((part, message) => {
      for (let shift = 0; shift < 4; shift += 1) {
        const bytes = part.slice(shift);
        look(new Uint32Array(bytes.buffer, 0, bytes.byteLength >> 2), message, shift);
      }
    });
    return sightings;
  }, Array.from(key));
}

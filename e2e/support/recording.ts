// Takes apart what crosses between realms: bytes, texts and single numbers, each with its way into the message.

import type { Crossed } from '../../fixtures/key-search.ts';

/** A piece of a message. */
export interface Recorded {
  readonly place: string;
  /** Names of fields, without the numbers of lists. */
  readonly path: string;
  readonly value: Uint8Array<ArrayBuffer> | string | number;
}

/** All pieces of `value`. Buffers are copied: they may be transferred. Self-contained, since it travels as text. */
export function recordOf(value: unknown, place: string): Recorded[] {
  const pieces: Recorded[] = [];
  const seen = new Set<unknown>();
  const copy = (buffer: ArrayBufferLike, start = 0, length = buffer.byteLength): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(new Uint8Array(buffer, start, length));
  const record = (part: unknown, path: string): void => {
    if (typeof part === 'number' || typeof part === 'string') pieces.push({ place, path, value: part });
    else if (typeof part === 'bigint') pieces.push({ place, path, value: part.toString(16) });
    if (typeof part !== 'object' || part === null || seen.has(part)) return;
    seen.add(part);
    if (ArrayBuffer.isView(part)) {
      pieces.push({ place, path, value: copy(part.buffer, part.byteOffset, part.byteLength) });
    } else if (part instanceof ArrayBuffer) pieces.push({ place, path, value: copy(part) });
    else if (Array.isArray(part) || part instanceof Set) for (const item of part) record(item, `${path}[]`);
    else if (part instanceof Map) {
      for (const [key, item] of part) {
        record(key, `${path}(key)`);
        record(item, `${path}(value)`);
      }
    } else if (part instanceof Blob)
      pieces.push({ place, path, value: `a Blob of ${part.size} bytes, not looked into` });
    else {
      for (const [name, item] of Object.entries(part)) {
        pieces.push({ place, path: `${path}{}`, value: name });
        record(item, `${path}.${name}`);
      }
    }
  };
  record(value, '');
  return pieces;
}

/** Pieces so small that a key could be spread over them. */
const SMALL = 1024;

/** What to search: every piece by itself, and small ones also as they follow each other, in a message and over many. */
export function crossedIn(recorded: readonly Recorded[]): Crossed[] {
  const crossed: Crossed[] = [];
  const streams = new Map<string, number[]>();
  const small = new Map<string, Uint8Array[]>();
  const texts = new Map<string, string[]>();
  const add = <T>(map: Map<string, T[]>, key: string, value: T): void => {
    const known = map.get(key);
    if (known) known.push(value);
    else map.set(key, [value]);
  };
  for (const { place, path, value } of recorded) {
    if (typeof value === 'number') {
      add(streams, `the numbers of ${place}`, value);
      add(streams, `the numbers at ${path}`, value);
      continue;
    }
    if (value.length >= 20) crossed.push({ place: `${place}, ${path}`, value });
    if (value.length >= SMALL) continue;
    if (typeof value === 'string') add(texts, `the texts at ${path}`, value);
    else add(small, `the small pieces at ${path}`, value);
  }
  for (const [place, value] of streams) crossed.push({ place, value });
  for (const [place, parts] of texts) crossed.push({ place, value: parts.join('') });
  for (const [place, parts] of small) {
    const value = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      value.set(part, at);
      at += part.length;
    }
    crossed.push({ place, value });
  }
  return crossed;
}

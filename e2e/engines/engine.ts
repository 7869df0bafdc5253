// What the flows need of a browser, and what its three implementations share: waiting, and files that a page saves.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** No outcome depends on speed: waiting ends here only where nothing will ever come. In milliseconds. */
export const HANG = 180_000;

/** A place in the window, in CSS pixels from its upper left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A file that a page has saved. */
export interface SavedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** One browser with one page. Every call rejects when the browser is gone. */
export interface Engine {
  /** As the browser says it. */
  readonly version: string;
  /** Opens `address` in a fresh page, in place of the one before. */
  open(address: string): Promise<void>;
  /** Runs `code`, which must be self-contained, in the page. What it takes and returns travels as JSON. */
  evaluate<A extends readonly unknown[], R>(code: (...args: A) => R | Promise<R>, ...args: A): Promise<R>;
  /** Moves the mouse there and clicks, as a person would. */
  click(point: Point): Promise<void>;
  /** Types into what has the focus, key by key. */
  type(text: string): Promise<void>;
  /** Presses Control and V. */
  paste(): Promise<void>;
  /** The window's content as a PNG file. */
  screenshot(): Promise<Uint8Array>;
  /** Does `trigger` and waits for the file that the page saves by it. */
  download(trigger: () => Promise<void>): Promise<SavedFile>;
  /** Ends the browser and all that was started for it. */
  close(): Promise<void>;
}

/** A way to start an engine, and what it needs that is not there. */
export interface EngineKind {
  readonly name: string;
  /** Debian packages that are missing; none where it can start. */
  missing(): readonly string[];
  start(): Promise<Engine>;
}

/** Asks `probe` until it answers something other than undefined. @throws where nothing comes, naming `what` */
export async function until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + HANG;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`Waited ${HANG / 1000} s in vain for ${what}.`);
    // eslint-disable-next-line no-restricted-syntax -- proves nothing: it is only the time between two questions
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What browsers call a file that is still being written. */
const UNFINISHED = /\.(part|wkdownload)$/;

/** Does `trigger` and waits until a new file lies complete in `folder`. */
export async function savedIn(folder: string, trigger: () => Promise<void>): Promise<SavedFile> {
  const before = new Set(await readdir(folder));
  await trigger();
  return until('the saved file', async () => {
    const added = (await readdir(folder)).filter((name) => !before.has(name));
    if (added.length === 0 || added.some((name) => UNFINISHED.test(name))) return undefined;
    const [name] = added;
    const bytes = await readFile(join(folder, name));
    // Firefox takes the name with an empty file first.
    return bytes.length > 0 ? { name, bytes: Uint8Array.from(bytes) } : undefined;
  });
}

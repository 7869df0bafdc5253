// Reads downloaded pictures outside the page: PNG by pngjs, codes by zxing and zbar in Node.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PNG } from 'pngjs';
import { loadScanners, type Scanners } from '../../src/qr/scan.ts';

const packages = resolve(import.meta.dirname, '../../node_modules');
let loading: Promise<Scanners> | undefined;

async function load(): Promise<Scanners> {
  return loadScanners({
    zxing: await readFile(resolve(packages, 'zxing-wasm/dist/reader/zxing_reader.wasm')),
    zbar: await readFile(resolve(packages, '@undecaf/zbar-wasm/dist/zbar.wasm')),
  });
}

/** What each scanner reads in the PNG file `bytes`; null where it reads nothing. */
export async function decode(bytes: Uint8Array): Promise<{ zxing: string | null; zbar: string | null }> {
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
  const rgb = new Uint8Array(width * height * 3).map((_, i) => data[Math.floor(i / 3) * 4 + (i % 3)]);
  const scanners = await (loading ??= load());
  const raster = { width, height, data: rgb };
  return { zxing: await scanners.zxing(raster), zbar: await scanners.zbar(raster) };
}

// Reading a code back: zxing and zbar, both WebAssembly, both given their bytes by the caller, never by a CDN.
import { setModuleArgs, ZBarConfigType, ZBarImage, ZBarScanner, ZBarSymbolType } from '@undecaf/zbar-wasm';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { SealedError } from '../base/errors.ts';
import { type FileSource, startWasm } from '../base/load-file.ts';
import { luma } from '../base/luma.ts';
import type { Raster } from '../base/raster.ts';

/** `zxing-wasm/reader/zxing_reader.wasm` and `@undecaf/zbar-wasm/dist/zbar.wasm`. */
export interface ScannerSources {
  readonly zxing: FileSource;
  readonly zbar: FileSource;
}

/** The two decoders, in the order in which reports name them. */
export const DECODERS = ['zxing', 'zbar'] as const;

/** Name of a decoder. */
export type Decoder = (typeof DECODERS)[number];

/** Both scanners, loaded. Each call returns the exact text of the first QR code in the picture, or null. */
export interface Scanners extends Readonly<Record<Decoder, (raster: Raster) => Promise<string | null>>> {
  /** Frees what the scanners hold in WebAssembly memory. */
  readonly dispose: () => void;
}

function toRgba({ width, height, data }: Raster): ImageData {
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba[to] = data[from]!;
    rgba[to + 1] = data[from + 1]!;
    rgba[to + 2] = data[from + 2]!;
    rgba[to + 3] = 255;
  }
  // Node has no ImageData; zxing-wasm only looks at these fields.
  return { width, height, data: rgba, colorSpace: 'srgb' };
}

function toGrey({ width, height, data }: Raster): ArrayBuffer {
  const grey = new Uint8Array(width * height);
  for (let from = 0, to = 0; from < data.length; from += 3, to++) {
    grey[to] = luma(data[from], data[from + 1], data[from + 2]);
  }
  return grey.buffer;
}

async function scanZxing(raster: Raster): Promise<string | null> {
  // Plain: the text as it is. Inverted codes fail in other readers, so reading one would prove nothing.
  const results = await readBarcodes(toRgba(raster), {
    formats: ['QRCode'],
    textMode: 'Plain',
    maxNumberOfSymbols: 1,
    tryInvert: false,
  });
  const first = results[0];
  return first?.isValid ? first.text : null;
}

async function scanZbar(scanner: ZBarScanner, raster: Raster): Promise<string | null> {
  const image = await ZBarImage.createFromGrayBuffer(raster.width, raster.height, toGrey(raster));
  try {
    if (scanner.scan(image) < 0) throw new SealedError('internal', 'zbar could not scan.', { stage: 'scan' });
    const first = image.getSymbols()[0];
    if (!first) return null;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(first.data));
    } catch (error) {
      // Not UTF-8: certainly not the text, so it counts as unread.
      if (error instanceof TypeError) return null;
      throw error;
    }
  } finally {
    image.destroy();
  }
}

/** Emscripten's loaders print what they then throw; once is enough. */
const printErr = (): void => undefined;

function startZxing(source: FileSource): Promise<unknown> {
  return startWasm(source, 'The QR reader zxing', (wasm) =>
    prepareZXingModule({ overrides: { ...wasm, printErr }, fireImmediately: true }),
  );
}

function startZbar(source: FileSource): Promise<ZBarScanner> {
  return startWasm(source, 'The QR reader zbar', (wasm) => {
    // Its types name locateFile alone; its Emscripten loader takes the rest as well.
    const zbarArguments: object = { ...wasm, printErr };
    setModuleArgs(zbarArguments);
    return ZBarScanner.create();
  });
}

/**
 * Loads both scanners from `sources`; call once a worker. Looks for QR codes only, with each decoder's settings as
 * apps use them. A loader that has failed may remember it: start a new worker then.
 *
 * @throws SealedError `load-failed` when a WebAssembly file cannot be fetched or compiled
 */
export async function loadScanners(sources: ScannerSources): Promise<Scanners> {
  await startZxing(sources.zxing);
  const scanner = await startZbar(sources.zbar);
  scanner.setConfig(ZBarSymbolType.ZBAR_NONE, ZBarConfigType.ZBAR_CFG_ENABLE, 0);
  scanner.setConfig(ZBarSymbolType.ZBAR_QRCODE, ZBarConfigType.ZBAR_CFG_ENABLE, 1);
  return {
    zxing: scanZxing,
    zbar: (raster) => scanZbar(scanner, raster),
    dispose: () => {
      scanner.destroy();
    },
  };
}

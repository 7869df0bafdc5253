// Reading a code back: zxing and zbar, both WebAssembly, both given their bytes by the caller, never by a CDN.
import { setModuleArgs, ZBarConfigType, ZBarImage, ZBarScanner, ZBarSymbolType } from '@undecaf/zbar-wasm';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { asSealedError, SealedError } from '../base/errors.ts';
import { luma } from '../base/luma.ts';
import type { Raster } from '../base/raster.ts';

/** The WebAssembly of one scanner: its bytes, or a URL that `fetch` can reach (in Node: the bytes). */
export type WasmSource = ArrayBuffer | Uint8Array | URL | string;

/** `zxing-wasm/reader/zxing_reader.wasm` and `@undecaf/zbar-wasm/dist/zbar.wasm`. */
export interface ScannerSources {
  readonly zxing: WasmSource;
  readonly zbar: WasmSource;
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

async function wasmBytes(source: WasmSource): Promise<ArrayBuffer> {
  if (source instanceof ArrayBuffer) return source;
  if (source instanceof Uint8Array) return Uint8Array.from(source).buffer;
  const response = await fetch(source);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return response.arrayBuffer();
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

/**
 * Loads both scanners from `sources`; call once a worker. Looks for QR codes only, with each decoder's settings as
 * apps use them. Throws `load-failed` when a WebAssembly file cannot be fetched or compiled.
 */
export async function loadScanners(sources: ScannerSources): Promise<Scanners> {
  try {
    await prepareZXingModule({
      overrides: { wasmBinary: await wasmBytes(sources.zxing), printErr },
      fireImmediately: true,
    });
    // Its types name locateFile alone; its Emscripten loader takes the bytes as well.
    const zbarArguments: object = { wasmBinary: await wasmBytes(sources.zbar), printErr };
    setModuleArgs(zbarArguments);
    const scanner = await ZBarScanner.create();
    scanner.setConfig(ZBarSymbolType.ZBAR_NONE, ZBarConfigType.ZBAR_CFG_ENABLE, 0);
    scanner.setConfig(ZBarSymbolType.ZBAR_QRCODE, ZBarConfigType.ZBAR_CFG_ENABLE, 1);
    return {
      zxing: scanZxing,
      zbar: (raster) => scanZbar(scanner, raster),
      dispose: () => {
        scanner.destroy();
      },
    };
  } catch (error) {
    const cause = asSealedError(error, 'scan');
    throw new SealedError('load-failed', `The QR readers could not be loaded: ${cause.message}`, {
      stage: 'scan',
      cause,
    });
  }
}

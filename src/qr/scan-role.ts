// The scanning role for a worker: corrects a picture and proves that two decoders read it.
import type { Controls } from '../base/controls.ts';
import type { Proof } from './prove.ts';
import { correctAndProve } from './prove.ts';
import type { QrCode } from './matrix.ts';
import type { Raster, Rgb } from '../base/raster.ts';
import { loadScanners, type Scanners, type ScannerSources } from './scan.ts';

/** What the scan worker needs to correct and prove one picture. */
export interface ScanRequest {
  readonly picture: Raster;
  /** The decrypted picture that it was drawn from, where that is another. */
  readonly decrypted?: Raster | undefined;
  readonly code: QrCode;
  readonly pixelsPerModule: number;
  /** Modules of the style's own drawing around the code in `picture`. */
  readonly margin: number;
  /** Modules of a picture beyond the quiet zone. */
  readonly frame?: number | undefined;
  /** The style's light and dark colours of every pixel of the code and `around` modules on each side. */
  readonly ground: { readonly light: Raster; readonly dark: Raster; readonly around: number };
  readonly text: string;
}

/** Correction and proof behind a worker. */
export interface ScanRole {
  /** `onProgress` is told the share that is done, 0 to 1. @throws SealedError `aborted` */
  prove(request: ScanRequest, controls?: Controls<number>): Promise<Proof>;
  /** Loads the decoders, so that the first proof does not wait for them. */
  warm(): Promise<void>;
}

/** A scanning role; it loads the decoders from `sources` at first use and keeps them. */
export function createScanRole(sources: ScannerSources): ScanRole {
  let loading: Promise<Scanners> | undefined;
  const scanners = (): Promise<Scanners> =>
    (loading ??= loadScanners(sources).catch((error: unknown) => {
      loading = undefined;
      throw error;
    }));
  return Object.freeze({
    async prove({ ground, ...request }, { signal, onProgress } = {}) {
      const before = ground.around * request.pixelsPerModule;
      const colourAt =
        ({ width, data }: Raster) =>
        (x: number, y: number): Rgb => {
          const at = 3 * ((y + before) * width + x + before);
          return [data[at], data[at + 1], data[at + 2]];
        };
      const [light, foreground] = [colourAt(ground.light), colourAt(ground.dark)];
      const loaded = await scanners();
      return correctAndProve({ ...request, light, foreground, scanners: loaded, signal, onProgress });
    },
    async warm() {
      await scanners();
    },
  } satisfies ScanRole);
}

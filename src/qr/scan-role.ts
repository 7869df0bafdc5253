// The scanning role for a worker: corrects a picture and proves that two decoders read it.
import type { Proof } from './prove.ts';
import { correctAndProve } from './prove.ts';
import type { QrCode } from './matrix.ts';
import type { Raster, Rgb } from '../base/raster.ts';
import { loadScanners, type Scanners, type ScannerSources } from './scan.ts';

/** What the scan worker needs to correct and prove one picture. */
export interface ScanRequest {
  readonly picture: Raster;
  readonly code: QrCode;
  readonly pixelsPerModule: number;
  /** The style's ideal dark colour of every pixel, as large as `picture`. */
  readonly foreground: Raster;
  readonly background: Rgb;
  readonly text: string;
}

/** Correction and proof behind a worker. */
export interface ScanRole {
  prove(request: ScanRequest): Promise<Proof>;
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
    async prove({ foreground, ...request }) {
      const { width, data } = foreground;
      const colourAt = (x: number, y: number): Rgb => {
        const at = 3 * (y * width + x);
        return [data[at], data[at + 1], data[at + 2]];
      };
      return correctAndProve({ ...request, foreground: colourAt, scanners: await scanners() });
    },
    async warm() {
      await scanners();
    },
  } satisfies ScanRole);
}

// What a styled code's run reports, as one object.
import type { Precision } from '../../plan/finish.ts';
import type { ErrorCorrectionLevel } from '../../qr/matrix.ts';
import type { Decoder } from '../../qr/scan.ts';
import type { Direction } from '../../style/colour-field.ts';
import type { StyleColours } from '../../style/colours.ts';
import type { BackendName } from '../session/backends.ts';
import type { RunBytes, RunTimings } from '../session/stages.ts';

/** The report of one styled code: the object `--json` prints, without the file list. */
export interface StyleReport {
  readonly payload: {
    readonly bytes: number;
    readonly version: number;
    readonly ecc: ErrorCorrectionLevel;
    readonly modules: number;
  };
  readonly style: string;
  /** Of the style's gradient, where it has one. */
  readonly direction?: Direction;
  /** The colours asked for, and those of the corrected picture: the same where scanners needed no change. */
  readonly colours: { readonly asked: StyleColours; readonly made: StyleColours };
  readonly pixelsPerModule: number;
  /** `none` where no service drew anything: see {@link StyleReport.drawnHere}. */
  readonly backend: BackendName | 'none';
  /**
   * Whether the picture was drawn in this program, from its own copy of the style, and nothing of it was sent: an answer for
   * this text has been refused before, or did not read.
   */
  readonly drawnHere: boolean;
  /** Undefined where nothing was encrypted. */
  readonly parameters:
    | {
        readonly polyModulusDegree: number;
        readonly coeffModulusBits: readonly number[];
        readonly logQP: number;
        readonly securityBits: number;
      }
    | undefined;
  readonly bytes: Pick<RunBytes, 'evaluationKeys' | 'request' | 'response'>;
  readonly timings: Timings;
  /** Decrypted values against the float network on the same input; absent where this side has no copy of it. */
  readonly precision: Precision | undefined;
  /** Keys of this picture: secret and evaluation keys. A key of a picture is never used for another. */
  readonly keys: { readonly made: number; readonly reused: number };
  /** What the answer was held to; absent where this side has no copy of the style's network. */
  readonly verified: { readonly maxAbsError: number; readonly bound: number } | undefined;
  /** Whether the picture was drawn from the float network's values, within the bound of the decrypted ones. */
  readonly snapped: boolean;
  readonly correction: {
    /** Whether the picture is as the style drew it: it read so, with a margin. */
    readonly untouched: boolean;
    readonly strength: number;
    readonly changedPixels: number;
    readonly meanDeltaE: number;
    /** Whether each decoder read the picture before correction: the correction knows the code, the network does not. */
    readonly readBefore: Readonly<Record<Decoder, boolean>>;
  };
  readonly scan: Readonly<Record<Decoder, boolean>>;
}

/** Milliseconds of wall-clock time. */
export interface Timings extends Omit<RunTimings, 'roundMs'> {
  readonly planMs: number;
  readonly correctMs: number;
  readonly verifyMs: number;
  readonly totalMs: number;
}

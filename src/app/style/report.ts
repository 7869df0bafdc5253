// What a run reports: to the page as it happens, to programs as one object at the end.
import type { Precision } from '../../plan/finish.ts';
import { SERVER_BACKENDS } from '../../protocol/contracts.ts';
import type { ErrorCorrectionLevel } from '../../qr/matrix.ts';
import type { Decoder } from '../../qr/scan.ts';
import type { Direction } from '../../style/colour-field.ts';
import type { StyleColours } from '../../style/colours.ts';

/** The named stages of the pipeline, in order. */
export const STAGES = [
  'encode-qr',
  'plan',
  'keygen',
  'encrypt',
  'request',
  'evaluate',
  'response',
  'decrypt',
  'correct',
] as const;

/** One of {@link STAGES}. */
export type StageName = (typeof STAGES)[number];

/** Where a stage happens. */
export type Place = 'client' | 'wire' | 'server';

/** Where each stage happens. */
export const STAGE_PLACES: Readonly<Record<StageName, Place>> = {
  'encode-qr': 'client',
  plan: 'server',
  keygen: 'client',
  encrypt: 'client',
  request: 'wire',
  evaluate: 'server',
  response: 'wire',
  decrypt: 'client',
  correct: 'client',
};

/** Something happened in the pipeline. */
export type StageEvent =
  | { readonly stage: StageName; readonly state: 'started' }
  | { readonly stage: StageName; readonly state: 'progress'; readonly share: number }
  | {
      readonly stage: StageName;
      readonly state: 'done';
      readonly ms: number;
      /** Bytes that crossed the wire, for `request` and `response`. */
      readonly bytes?: number;
      /** A sample of them: one frame as the server role sees it. */
      readonly sample?: Uint8Array;
    };

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
  readonly backend: BackendName;
  readonly parameters: {
    readonly polyModulusDegree: number;
    readonly coeffModulusBits: readonly number[];
    readonly logQP: number;
    readonly securityBits: number;
  };
  /** Bytes on the wire. Evaluation keys are sent once a session; 0 when this run needed none. */
  readonly bytes: { readonly evaluationKeys: number; readonly request: number; readonly response: number };
  readonly timings: Timings;
  /** Decrypted values against the float network on the same input; absent unless asked for. */
  readonly precision: Precision | undefined;
  readonly correction: {
    readonly strength: number;
    readonly changedPixels: number;
    readonly meanDeltaE: number;
    /** Whether each decoder read the picture before correction: the correction knows the code, the network does not. */
    readonly readBefore: Readonly<Record<Decoder, boolean>>;
  };
  readonly scan: Readonly<Record<Decoder, boolean>>;
}

/** Milliseconds of wall-clock time; encoding and encryption as measured inside the client role. */
export interface Timings {
  readonly keygenMs: number;
  readonly planMs: number;
  readonly encodeMs: number;
  readonly encryptMs: number;
  readonly evaluateMs: number;
  readonly decryptMs: number;
  readonly correctMs: number;
  readonly verifyMs: number;
  readonly totalMs: number;
}

/** What runs the plan: the SIMD kernel or SEAL on ciphertexts, or the simulation on plaintext slots. */
export const BACKENDS = [...SERVER_BACKENDS, 'clear'] as const;

/** One of {@link BACKENDS}. */
export type BackendName = (typeof BACKENDS)[number];

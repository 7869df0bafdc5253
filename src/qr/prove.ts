// Correction with proof: the smallest correction whose picture two readers return exactly, with a margin.
import { yielding } from '../base/controls.ts';
import { colourDifference } from './colour-difference.ts';
import { createCorrector } from './correct.ts';
import type { CorrectionInput, Corrector } from './correct.ts';
import { resample } from './raster.ts';
import type { Raster } from '../base/raster.ts';
import { DECODERS } from './scan.ts';
import type { Decoder, Scanners } from './scan.ts';

/** Steps of strength between 0 and 1. */
const STEPS = 8;

/** A strength counts when it and this many next higher steps read: not a lucky one between two that fail. */
const MARGIN_STEPS = 2;

/** zxing's binarizer looks at blocks of 8 × 8 pixels. */
const BLOCK = 8;

/** Whether each decoder returned the exact text. */
export type ReadBy = Readonly<Record<Decoder, boolean>>;

/** Input of {@link correctAndProve}. */
export interface ProofInput extends CorrectionInput {
  /** The text that every reader must return, to the character. */
  readonly text: string;
  /** The picture as it was decrypted, where another was drawn from it: {@link Proof.readBefore} is about this one. */
  readonly decrypted?: Raster | undefined;
  readonly scanners: Pick<Scanners, Decoder>;
  readonly signal?: AbortSignal | undefined;
  /** Called with the share of the work done, 0..1, never falling. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** The corrected picture and what is known of it. */
export interface Proof {
  /** The picture to export, quiet zone included. */
  readonly raster: Raster;
  /** Size of a module in `raster`, in pixels; the quiet zone is at least four of them wide. */
  readonly pixelsPerModule: number;
  /** Width of the quiet zone in `raster`, in pixels, with the frame round it where there is one. */
  readonly border: number;
  /** Whether the picture is handed out as the style drew it. */
  readonly untouched: boolean;
  /** 0..1, see `lumaBounds`; 0 where nothing was corrected. */
  readonly strength: number;
  /** Pixels of the picture, quiet zone apart, that the correction changed, and by how much (CIEDE2000). */
  readonly changedPixels: number;
  readonly meanDeltaE: number;
  /** Did the picture read as the style drew it? The correction knows the code; the style does not. */
  readonly readBefore: ReadBy;
  /** Was it read at every size, at this strength and at the next higher ones? */
  readonly scan: ReadBy;
  /** Milliseconds spent correcting and comparing pictures, and scanning them. */
  readonly correctMs: number;
  readonly verifyMs: number;
  /** Both decoders read everything. If false, `raster` is the strongest correction and must not be handed out. */
  readonly proven: boolean;
}

/**
 * Size of a module in the exported picture and the width of its quiet zone, for pictures drawn at
 * `pixelsPerModule`: whole multiples that reach 8 px, and a quiet zone of four modules, plus half a block where
 * modules would otherwise lie exactly on zxing's blocks. Tried on 40 two-tone codes in three styles with a light
 * bound of 160 to 250: zxing reads 78 to 90 % of aligned pictures and all of the shifted ones; jsqr, which steered
 * nothing, rises from 68 to 100 %.
 */
export function exportGeometry(pixelsPerModule: number): {
  readonly scale: number;
  readonly modulePixels: number;
  readonly border: number;
} {
  const scale = Math.max(1, Math.ceil(BLOCK / pixelsPerModule));
  const modulePixels = scale * pixelsPerModule;
  const aligned = modulePixels % BLOCK === 0;
  return { scale, modulePixels, border: 4 * modulePixels + (aligned ? BLOCK / 2 : 0) };
}

/** The sizes at which a picture must read: as exported, at half, and at 5/4, where 8 px become 10. */
const PROOF_SCALES = [1, 1 / 2, 5 / 4] as const;

function atScale(raster: Raster, scale: number): Raster {
  if (scale === 1) return raster;
  return resample(raster, Math.round(raster.width * scale), Math.round(raster.height * scale));
}

/** The input with its picture enlarged by a whole factor. */
function enlarge(input: ProofInput, scale: number): CorrectionInput {
  const { picture, foreground, light } = input;
  if (scale === 1) return input;
  return {
    ...input,
    picture: resample(picture, picture.width * scale, picture.height * scale),
    pixelsPerModule: input.pixelsPerModule * scale,
    foreground: (x, y) => foreground(Math.floor(x / scale), Math.floor(y / scale)),
    light: (x, y) => light(Math.floor(x / scale), Math.floor(y / scale)),
  };
}

/** The trial of the picture as the style drew it. */
const UNTOUCHED = -1;

/** Scans one strength at a time, or the untouched picture, and remembers what it found. */
function createTrial(input: ProofInput, corrector: Corrector, border: number, pause: () => Promise<void>) {
  const known = new Map<number, ReadBy>();
  return async (step: number): Promise<ReadBy> => {
    const before = known.get(step);
    if (before) return before;
    const raster = step === UNTOUCHED ? corrector.uncorrected(border) : corrector.at(step / STEPS, border);
    const read = { zxing: true, zbar: true };
    for (const scale of PROOF_SCALES) {
      await pause();
      const picture = atScale(raster, scale);
      for (const decoder of DECODERS) {
        await pause();
        if (read[decoder]) read[decoder] = (await input.scanners[decoder](picture)) === input.text;
      }
    }
    known.set(step, read);
    return read;
  };
}

/** `scanners`, adding up the time they take. */
function timedScanners(scanners: Pick<Scanners, Decoder>) {
  const timed = {
    ms: 0,
    zxing: (picture: Raster): Promise<string | null> => scan('zxing', picture),
    zbar: (picture: Raster): Promise<string | null> => scan('zbar', picture),
  };
  const scan = async (decoder: Decoder, picture: Raster): Promise<string | null> => {
    const start = performance.now();
    const text = await scanners[decoder](picture);
    timed.ms += performance.now() - start;
    return text;
  };
  return timed;
}

/**
 * Corrects the picture by the smallest strength that leaves a margin: both scanners return exactly `text` at the
 * export size, at half of it and at 5/4 of it, and do so at the two next higher strengths as well. The first strength
 * tried is none at all: a picture that reads as the style drew it stays so, if its tones have a camera's contrast. When no strength does, `proven` is false and
 * `scan` names the decoder that failed.
 *
 * @throws SealedError `aborted` when `signal` says so, `invalid-argument` when picture and code do not match
 */
export async function correctAndProve(input: ProofInput): Promise<Proof> {
  const { text, signal, onProgress } = input;
  const started = performance.now();
  const scanners = timedScanners(input.scanners);
  // Between two scans the thread hears its messages: a scan itself is in WebAssembly, and listens to nobody.
  const pause = yielding(signal, 'scan');
  await pause();
  const { scale, modulePixels, border: quiet } = exportGeometry(input.pixelsPerModule);
  const border = quiet + (input.frame ?? 0) * modulePixels;
  const enlarged = enlarge(input, scale);
  const corrector = createCorrector(enlarged);
  const uncorrected = corrector.uncorrected(border);
  await pause();
  const { decrypted } = input;
  const before = decrypted
    ? createCorrector(enlarge({ ...input, picture: decrypted }, scale)).uncorrected(border)
    : uncorrected;
  const readBefore = { zxing: false, zbar: false };
  for (const decoder of DECODERS) {
    await pause();
    readBefore[decoder] = (await scanners[decoder](before)) === text;
  }
  const trial = createTrial({ ...input, scanners }, corrector, border, pause);
  let scan: ReadBy = { zxing: false, zbar: false };
  let proven = false;
  let step = (corrector.hasContrast() ? UNTOUCHED : 0) - 1;
  while (!proven && step < STEPS - MARGIN_STEPS) {
    step++;
    const read = { zxing: true, zbar: true };
    for (let higher = step; higher <= step + MARGIN_STEPS; higher++) {
      const found = await trial(higher);
      read.zxing &&= found.zxing;
      read.zbar &&= found.zbar;
      onProgress?.((higher + 2) / (STEPS + 2));
    }
    scan = read;
    proven = read.zxing && read.zbar;
  }
  const untouched = step === UNTOUCHED;
  const strength = proven ? Math.max(0, step) / STEPS : 1;
  await pause();
  const raster = untouched ? uncorrected : corrector.at(strength, border);
  await pause();
  const difference = colourDifference(enlarged.picture, raster, border - input.margin * modulePixels);
  onProgress?.(1);
  const verifyMs = scanners.ms;
  const correctMs = performance.now() - started - verifyMs;
  const sizes = { pixelsPerModule: modulePixels, border };
  const found = { readBefore, scan, correctMs, verifyMs, proven };
  return { raster, ...sizes, untouched, strength, ...difference, ...found };
}

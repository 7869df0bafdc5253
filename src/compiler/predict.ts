// What a plan will cost and how precise it will be, before anything is encrypted.
import { log2, sin } from '../base/exact-math.ts';
import { type Parameters, primesAtLevel } from '../params/parameters.ts';
import { countOperations, type CostTable, type OperationCounts, predictMs } from '../plan/counts.ts';
import type { LinearRow, LinearStage, Plan, Stage } from '../plan/plan.ts';
import { outLevel, stageLabel } from '../plan/plan.ts';
import {
  answerWireBytes,
  inputWireBytes,
  kernelBytes,
  keysOf,
  keyWireBytes,
  sumOverKeys,
} from '../plan/sizes.ts';
import { vectorsOf } from '../plan/stages/linear-rows.ts';
import { kindOf } from '../plan/stages/stages.ts';
import type { SegmentInterface } from '../plan/client-interface.ts';
import type { ExplainedStage } from '../plan/explanation.ts';

/** Largest absolute values around a stage, over the calibration inputs. */
export interface Magnitudes {
  /** Of its inputs. */
  readonly input: number;
  /** Of both factors of each pair of a product stage. */
  readonly pairs: readonly { readonly left: number; readonly right: number }[];
}

/** Both ends of a segment and the keys it needs. */
export type SegmentEnds = Omit<SegmentInterface, 'client'>;

/** Inputs that share the ciphertexts of one run. */
export function batchOf({ input: { layout } }: Pick<SegmentEnds, 'input'>): number {
  return layout.kind === 'gather' ? layout.batch : 1;
}

/** The prediction for one plan. */
export interface Prediction {
  readonly polyModulusDegree: number;
  readonly coeffModulusBits: readonly number[];
  readonly levels: number;
  /** Inputs a run takes. */
  readonly batch: number;
  readonly inputCiphertexts: number;
  readonly outputCiphertexts: number;
  readonly counts: OperationCounts;
  readonly rotationKeys: number;
  /** Evaluation keys as the client sends them. */
  readonly keyBytes: number;
  /** Bytes of what the client encrypts and of what it gets back. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Bytes of all diagonals as the server holds them encoded. */
  readonly diagonalBytes: number;
  /** One run on one thread. */
  readonly evaluateMs: number;
  /** Bound of the scheme's own error in any output value; {@link approximationError} comes on top. */
  readonly errorBound: number;
  /** Largest difference that fitted activations make to the output over the calibration inputs; next to 0 without any. */
  readonly approximationError: number;
  readonly stages: readonly ExplainedStage[];
}

const ERROR_VARIANCE = 3.2 ** 2;
// The largest of some ten thousand Gaussian errors stays below 4.5 of their deviations; the rest covers that errors of values
// computed from the same ciphertext are not quite independent.
const DEVIATIONS = 6;

/** Error variance of each slot of one ciphertext, in values. */
type Variances = Float64Array;

/** Variances in a slot, in units of a ciphertext's integers (Cheon, Kim, Kim and Song 2017, section 3.3, for a ternary secret). */
class NoiseModel {
  readonly #degree: number;
  readonly #parameters: Parameters;
  /** 1 / |1 − ζ|² for the root ζ of each slot. */
  readonly #peaks: Float64Array;

  constructor(parameters: Parameters) {
    this.#parameters = parameters;
    this.#degree = parameters.polyModulusDegree;
    this.#peaks = new Float64Array(parameters.slots);
    for (let slot = 0, power = 1; slot < this.#peaks.length; slot += 1) {
      this.#peaks[slot] = 1 / (2 * sin((Math.PI * power) / (2 * this.#degree))) ** 2;
      power = (power * 3) % (2 * this.#degree);
    }
  }

  /** Symmetric encryption: one Gaussian polynomial. */
  get fresh(): number {
    return this.#degree * ERROR_VARIANCE;
  }

  /** Rounding each coefficient of a plaintext. */
  get encoding(): number {
    return this.#degree / 12;
  }

  /** Rounding both polynomials, the second of which meets the secret. */
  get rescale(): number {
    return (this.#degree * (1 + (2 * this.#degree) / 3)) / 12;
  }

  /**
   * A rotation or relinearisation at `level`, by slot: digits times key errors over P, then rounding. SEAL's digits lie in
   * [0, q), not around 0: their mean is a polynomial with all coefficients q/2, whose value q/(1 − ζ) is large in the few slots
   * whose root is near 1, the first ones above all (N/π times, 0.001 at scale 2^28 and N = 4096). Digits that are `centred`
   * have no mean.
   */
  keySwitch(level: number, centred: boolean): Variances {
    const special = Number(this.#parameters.primes.at(-1)!);
    const ratios = primesAtLevel(this.#parameters, level).reduce(
      (sum, q) => sum + (Number(q) / special) ** 2,
      0,
    );
    const spread = (this.#degree ** 2 * ERROR_VARIANCE * ratios) / 12 + this.rescale;
    if (centred) return new Float64Array(this.#peaks.length).fill(spread);
    return this.#peaks.map((peak) => spread + ratios * peak * this.#degree * ERROR_VARIANCE);
  }
}

/** Adds `scale · from[i + step]`, around the end, to each `to[i]`. */
function addRotated(to: Variances, from: Variances, step: number, scale: number): void {
  const before = to.length - step;
  for (let i = 0; i < before; i += 1) to[i] += scale * from[i + step];
  for (let i = before; i < to.length; i += 1) to[i] += scale * from[i - before];
}

/** `variances` after one more rotation by `step`. */
function rotatedOnce(variances: Variances, step: number, switched: Variances, scale: number): Variances {
  const rotated = new Float64Array(variances.length);
  addRotated(rotated, variances, step, 1);
  addRotated(rotated, switched, 0, scale);
  return rotated;
}

/** Variances of one row of a linear stage. */
function rowVariances(
  row: LinearRow,
  stage: LinearStage,
  inputs: readonly Variances[],
  { input: magnitude }: Magnitudes,
  switched: Variances,
  noise: NoiseModel,
): Variances {
  const slots = switched.length;
  const { inScale, plainScale } = stage;
  let total: Variances = new Float64Array(slots);
  const giant = 1 / (inScale * plainScale) ** 2;
  const unit = stage.method === 'chained' ? stage.giantUnit : undefined;
  const sums = unit === undefined ? row.sums : row.sums.toReversed();
  // Vectors are rounded in every coefficient, scalars only in one.
  const rounding = (magnitude ** 2 * noise.encoding) / plainScale ** 2;
  const part = new Float64Array(slots);
  for (const [index, { giantStep, terms }] of sums.entries()) {
    part.fill(0);
    for (const { input, step, diagonal } of terms) {
      const source = inputs[input];
      const rotation = step === 0 ? 0 : 1 / inScale ** 2;
      if (diagonal.kind === 'scalar') {
        const square = diagonal.value ** 2;
        addRotated(part, source, step, square);
        if (step !== 0) addRotated(part, switched, 0, square * rotation);
        continue;
      }
      // A real part's error is met by both parts of a complex factor, and so is an imaginary part's.
      for (const [index, values] of vectorsOf(diagonal).entries()) {
        const rounded = index === 0 ? rounding : 0;
        for (let i = 0, from = step; i < slots; i += 1) {
          part[i] += values[i] * values[i] * (source[from] + rotation * switched[i]) + rounded;
          from = from + 1 === slots ? 0 : from + 1;
        }
      }
    }
    if (unit !== undefined) {
      for (let i = 0; i < slots; i += 1) total[i] += part[i];
      const next = sums[index + 1]?.giantStep ?? 0;
      for (let link = giantStep; link > next; link -= unit) total = rotatedOnce(total, unit, switched, giant);
      continue;
    }
    addRotated(total, part, giantStep, 1);
    if (giantStep !== 0) addRotated(total, switched, 0, giant);
  }
  const after = (stage.rescale ? noise.rescale : 0) + (row.bias ? noise.encoding : 0);
  const added = after / stage.outScale ** 2;
  for (let i = 0; i < slots; i += 1) total[i] += added;
  return total;
}

/** Variances of a stage's outputs from those of its inputs. */
function variancesAfter(
  stage: Stage,
  inputs: readonly Variances[],
  around: Magnitudes,
  noise: NoiseModel,
  centersDigits: boolean,
): Variances[] {
  const isShared = stage.kind === 'linear' && stage.method !== 'rotate-and-sum';
  const switched = noise.keySwitch(stage.level, centersDigits && isShared);
  const { inScale, outScale } = stage;
  if (stage.kind === 'linear') {
    return stage.rows.map((row) => rowVariances(row, stage, inputs, around, switched, noise));
  }
  const rescaled = noise.rescale / outScale ** 2;
  const kept = (inScale / outScale) ** 2;
  return stage.pairs.map(({ left, right, drop }, pair) => {
    const a = inputs[left];
    if (drop) return a.map((variance) => variance * kept);
    if (right === undefined) return a.map((variance) => variance + rescaled);
    const b = inputs[right];
    const { left: x, right: y } = around.pairs[pair];
    // A square's factors have the same error, which counts twice.
    const both = left === right ? 2 : 1;
    return a.map(
      (variance, i) =>
        both * (y * y * variance + x * x * b[i]) +
        DEVIATIONS ** 2 * variance * b[i] +
        switched[i] / (inScale ** 2) ** 2 +
        rescaled,
    );
  });
}

/** Largest error that `variances` make likely. */
function boundOf(variances: readonly Variances[]): number {
  return (
    DEVIATIONS * Math.sqrt(variances.reduce((most, slots) => slots.reduce((m, v) => Math.max(m, v), most), 0))
  );
}

/** Bytes of encoded diagonals. */
export function diagonalBytesOf(plan: Plan): number {
  let bytes = 0;
  for (const stage of plan.stages) {
    if (stage.kind !== 'linear') continue;
    for (const { sums } of stage.rows) {
      for (const { terms } of sums) {
        for (const { diagonal } of terms) {
          if (diagonal.kind !== 'scalar') bytes += kernelBytes(2 * plan.parameters.slots, stage.level + 1, 1);
        }
      }
    }
  }
  return bytes;
}

/**
 * The prediction for `plan`.
 * @param magnitudes one entry a stage
 * @param approximationError see {@link Prediction}
 */
export function predict(
  plan: Plan,
  card: SegmentEnds,
  magnitudes: readonly Magnitudes[],
  costs: CostTable,
  approximationError: number,
): Prediction {
  const { parameters } = plan;
  const { polyModulusDegree: degree, slots } = parameters;
  const noise = new NoiseModel(parameters);
  const fresh = (noise.fresh + noise.encoding) / plan.inputScale ** 2;
  let variances: Variances[] = Array.from({ length: plan.inputCount }, () =>
    new Float64Array(slots).fill(fresh),
  );
  const stages = plan.stages.map((stage, index): ExplainedStage => {
    variances = variancesAfter(stage, variances, magnitudes[index], noise, costs.centersDigits ?? false);
    return {
      kind: kindOf(stage).word(stage),
      label: stageLabel(stage),
      layers: stage.layers,
      level: outLevel(stage),
      scaleBits: log2(stage.outScale),
      errorBound: boundOf(variances),
    };
  });
  return {
    polyModulusDegree: degree,
    coeffModulusBits: parameters.coeffModulusBits,
    levels: card.input.level - card.output.level,
    batch: batchOf(card),
    inputCiphertexts: card.input.count,
    outputCiphertexts: card.output.count,
    counts: countOperations(plan),
    rotationKeys: card.rotationSteps.length,
    keyBytes: sumOverKeys(keysOf([plan]), (level) => keyWireBytes(parameters, level)),
    inputBytes: card.input.count * inputWireBytes(parameters, card.input.level),
    outputBytes: card.output.count * answerWireBytes(parameters, card.output.level),
    diagonalBytes: diagonalBytesOf(plan),
    evaluateMs: predictMs(plan, costs),
    errorBound: boundOf(variances),
    approximationError,
    stages,
  };
}

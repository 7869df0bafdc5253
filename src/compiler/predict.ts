// What a plan will cost and how precise it will be, before anything is encrypted.
import { type Parameters, primesAtLevel } from '../params/parameters.ts';
import { countOperations, type CostTable, type OperationCounts, predictMs } from '../plan/counts.ts';
import type { LinearStage, Plan, Stage } from '../plan/plan.ts';
import { outLevel } from '../plan/plan.ts';
import type { NetworkCard } from '../plan/slot-layout.ts';

/** Largest absolute values around a stage, over the calibration inputs. */
export interface Magnitudes {
  readonly input: number;
  readonly operand: number;
}

/** One stage for people. */
export interface StageReport {
  readonly kind: Stage['kind'];
  readonly label: string;
  /** Level of its outputs. */
  readonly level: number;
  readonly scaleBits: number;
  /** Bound of the error of its outputs. */
  readonly errorBound: number;
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
  /** Evaluation keys as the client sends them, half of each expanded from a seed. */
  readonly keyBytes: number;
  /** Bytes of what the client encrypts and of what it gets back. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Bytes of all diagonals as the server holds them encoded. */
  readonly diagonalBytes: number;
  /** One run on one thread. */
  readonly evaluateMs: number;
  /** Bound of the scheme's own error in any output value; errors of fitted activations come on top. */
  readonly errorBound: number;
  readonly stages: readonly StageReport[];
}

const WORD_BYTES = 4;
const ERROR_VARIANCE = 3.2 ** 2;
// The largest of some thousand Gaussian errors stays below 4.5 of their deviations; the rest covers that errors of values
// computed from the same ciphertext are not quite independent.
const DEVIATIONS = 10;

/** Variances in a slot, in units of a ciphertext's integers (Cheon, Kim, Kim and Song 2017, section 3.3, for a ternary secret). */
class NoiseModel {
  readonly #degree: number;
  readonly #parameters: Parameters;

  constructor(parameters: Parameters) {
    this.#parameters = parameters;
    this.#degree = parameters.polyModulusDegree;
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

  /** A rotation or relinearisation at `level`: digits times key errors over P, then rounding. */
  keySwitch(level: number): number {
    const special = Number(this.#parameters.primes.at(-1)!);
    const digits = primesAtLevel(this.#parameters, level).reduce(
      (sum, q) => sum + (Number(q) / special) ** 2,
      0,
    );
    return (this.#degree ** 2 * ERROR_VARIANCE * digits) / 12 + this.rescale;
  }
}

/** Largest over all slots of the sums of squares of the weights that meet in one, for rotated and unrotated inputs. */
function squaredWeights(
  stage: LinearStage,
  slots: number,
): { still: number; rotated: number; terms: number } {
  let [still, rotated, terms] = [0, 0, 0];
  for (const { sums } of stage.rows) {
    const row = new Float64Array(slots);
    const turned = new Float64Array(slots);
    let count = 0;
    for (const { giantStep, terms: products } of sums) {
      for (const { step, diagonal } of products) {
        count += 1;
        const target = step === 0 ? row : turned;
        if (diagonal.kind === 'scalar') {
          const square = diagonal.value ** 2;
          for (let i = 0; i < slots; i += 1) target[i] += square;
        } else {
          const { values } = diagonal;
          for (let i = 0; i < slots; i += 1) target[i] += values[(i + giantStep) % slots] ** 2;
        }
      }
    }
    for (let i = 0; i < slots; i += 1) {
      if (row[i] + turned[i] > still + rotated) [still, rotated] = [row[i], turned[i]];
    }
    terms = Math.max(terms, count);
  }
  return { still, rotated, terms };
}

/** Variance of a stage's outputs, in values, from that of its inputs. */
function varianceAfter(
  stage: Stage,
  variance: number,
  around: Magnitudes,
  noise: NoiseModel,
  slots: number,
): number {
  const { level, inScale, outScale } = stage;
  const rescaled = outLevel(stage) < level ? noise.rescale / outScale ** 2 : 0;
  if (stage.kind !== 'linear') {
    const product = 4 * around.operand ** 2 * variance + variance ** 2 * DEVIATIONS ** 2;
    const carried = variance;
    return Math.max(product, carried) + noise.keySwitch(level) / inScale ** 4 + rescaled;
  }
  const { still, rotated, terms } = squaredWeights(stage, slots);
  const switched = noise.keySwitch(level) / inScale ** 2;
  const giants = Math.max(
    ...stage.rows.map(({ sums }) => sums.filter(({ giantStep }) => giantStep !== 0).length),
  );
  const hasVectors = stage.plainScale > 1;
  const rounding = hasVectors ? (terms * around.input ** 2 * noise.encoding) / stage.plainScale ** 2 : 0;
  const bias = stage.rows.some((row) => row.bias) ? noise.encoding / outScale ** 2 : 0;
  const product = (inScale * stage.plainScale) ** 2;
  return (
    still * variance +
    rotated * (variance + switched) +
    rounding +
    (giants * noise.keySwitch(level)) / product +
    rescaled +
    bias
  );
}

function ciphertextBytes(degree: number, primes: number, polynomials: number): number {
  return polynomials * primes * degree * WORD_BYTES;
}

/** Bytes of one evaluation key as the client sends it, its random half expanded from a seed. */
export function evaluationKeyBytes({ polyModulusDegree, maxLevel }: Parameters): number {
  const digits = maxLevel + 1;
  return digits * ciphertextBytes(polyModulusDegree, digits + 1, 1);
}

/** Bytes of encoded diagonals. */
function diagonalBytesOf(plan: Plan): number {
  let bytes = 0;
  for (const stage of plan.stages) {
    if (stage.kind !== 'linear') continue;
    for (const { sums } of stage.rows) {
      for (const { terms } of sums) {
        for (const { diagonal } of terms) {
          if (diagonal.kind === 'vector')
            bytes += ciphertextBytes(2 * plan.parameters.slots, stage.level + 1, 1);
        }
      }
    }
  }
  return bytes;
}

/**
 * The prediction for `plan`.
 * @param magnitudes one entry a stage
 */
export function predict(
  plan: Plan,
  card: NetworkCard,
  magnitudes: readonly Magnitudes[],
  costs: CostTable,
): Prediction {
  const { parameters } = plan;
  const { polyModulusDegree: degree, slots } = parameters;
  const noise = new NoiseModel(parameters);
  let variance = (noise.fresh + noise.encoding) / plan.inputScale ** 2;
  const stages = plan.stages.map((stage, index): StageReport => {
    variance = varianceAfter(stage, variance, magnitudes[index], noise, slots);
    return {
      kind: stage.kind,
      label: stage.label,
      level: outLevel(stage),
      scaleBits: Math.log2(stage.outScale),
      errorBound: DEVIATIONS * Math.sqrt(variance),
    };
  });
  const keys = card.rotationSteps.length + (card.relinearize ? 1 : 0);
  const fresh = card.input.level + 1;
  return {
    polyModulusDegree: degree,
    coeffModulusBits: parameters.coeffModulusBits,
    levels: card.input.level - card.output.level,
    batch: card.input.layout.batch,
    inputCiphertexts: card.input.count,
    outputCiphertexts: card.output.count,
    counts: countOperations(plan),
    rotationKeys: card.rotationSteps.length,
    keyBytes: keys * evaluationKeyBytes(parameters),
    inputBytes: card.input.count * ciphertextBytes(degree, fresh, 2),
    outputBytes: card.output.count * ciphertextBytes(degree, card.output.level + 1, 2),
    diagonalBytes: diagonalBytesOf(plan),
    evaluateMs: predictMs(plan, costs),
    errorBound: DEVIATIONS * Math.sqrt(variance),
    stages,
  };
}

// Linear stages: sums of rotated ciphertexts times plaintexts.
import { log2 } from '../../base/exact-math.ts';
import { type Diagonal, type LinearRow, vectorsOf } from './linear-rows.ts';
import { addsOverQP, canSumBy, type SumMethod } from './sum-method.ts';
import { NO_OPERATIONS, type StageBase, type StageChecks, type StageKind } from './stage-kind.ts';

/** Generalised diagonals by baby-step giant-step (Halevi–Shoup 2018), then an optional rescale, then the bias. */
export interface LinearStage extends StageBase {
  readonly kind: 'linear';
  /** Which part of its layers' work it is, where it is not the main one. */
  readonly part?: 'fold' | 'add up for' | 'rotate for';
  /** Scale the diagonals are encoded at. */
  readonly plainScale: number;
  /** Whether one prime is dropped after the sum. Without it the next stage shares its rescale. */
  readonly rescale: boolean;
  /** How the sums are made. */
  readonly method: SumMethod;
  /** What the giant steps of chained sums are multiples of. */
  readonly giantUnit?: number;
  /** Whether its vectors are encoded anew in each run, since there is no memory to hold them all. */
  readonly isStreamed?: true;
  readonly rows: readonly LinearRow[];
}

/** A checksum of numbers by their bits (FNV-1a over 32-bit words): two plans that differ in one weight print differently. */
class Checksum {
  readonly #float = new Float64Array(1);
  readonly #words = new Uint32Array(this.#float.buffer);
  #hash = 0x811c9dc5;

  add(value: number): this {
    this.#float[0] = value;
    const half = Math.imul(this.#hash ^ this.#words[0], 0x01000193);
    this.#hash = Math.imul(half ^ this.#words[1], 0x01000193);
    return this;
  }

  addDiagonal(diagonal: Diagonal): this {
    if (diagonal.kind === 'scalar') return this.add(diagonal.value);
    for (const vector of vectorsOf(diagonal)) {
      for (let i = 0; i < vector.length; i += 1) this.add(vector[i]);
    }
    return this;
  }

  toString(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }
}

/** Checksum of all that a stage multiplies by and adds, with the place of each. */
function weightsChecksum(rows: readonly LinearRow[]): string {
  const sum = new Checksum();
  for (const { sums, bias } of rows) {
    for (const { giantStep, terms } of sums) {
      sum.add(giantStep);
      for (const { input, step, diagonal } of terms) sum.add(input).add(step).addDiagonal(diagonal);
    }
    if (bias) sum.addDiagonal(bias);
  }
  return sum.toString();
}

// Slots of a ciphertext at N = 32768: an input and a step make one number.
const MOST_SLOTS = 16384;

/** Rotations, sums and products of a stage. A baby step is made once for an input and step, however many rows use it. */
function count(stage: LinearStage): {
  readonly steps: Set<number>;
  readonly baby: number;
  readonly giant: number;
  readonly scalars: number;
  readonly vectors: number;
  /** Those of the vectors that have imaginary parts. */
  readonly complex: number;
  /** Inputs of which there is a rotation. */
  readonly rotated: number;
} {
  const steps = new Set<number>();
  const rotated = new Set<number>();
  const inputs = new Set<number>();
  let [giant, scalars, vectors, complex] = [0, 0, 0, 0];
  const unit = stage.method === 'chained' ? stage.giantUnit! : 0;
  for (const { sums } of stage.rows) {
    // The last sum of a chain is rotated once for each unit on its way, and takes the others with it.
    const links = unit > 0 ? (sums.at(-1)?.giantStep ?? 0) / unit : 0;
    giant += links;
    if (links > 0) steps.add(unit);
    for (const { giantStep, terms } of sums) {
      if (unit === 0) {
        steps.add(giantStep);
        if (giantStep !== 0) giant += 1;
      }
      for (const { input, step, diagonal } of terms) {
        steps.add(step);
        if (step !== 0) {
          rotated.add(input * MOST_SLOTS + step);
          inputs.add(input);
        }
        if (diagonal.kind === 'scalar') scalars += 1;
        else vectors += 1;
        if (diagonal.kind === 'complex') complex += 1;
      }
    }
  }
  steps.delete(0);
  return { steps, baby: rotated.size, giant, scalars, vectors, complex, rotated: inputs.size };
}

/** Throws unless `diagonal` can be encoded: finite, and a vector has one value a slot. */
function verifyDiagonal(diagonal: Diagonal, { slots, reject }: StageChecks): void {
  if (diagonal.kind === 'scalar') {
    if (!Number.isFinite(diagonal.value)) throw reject('a scalar is not finite.');
    return;
  }
  for (const vector of vectorsOf(diagonal)) {
    if (vector.length !== slots) throw reject(`a diagonal has ${vector.length} values for ${slots} slots.`);
    for (let i = 0; i < vector.length; i += 1) {
      if (!Number.isFinite(vector[i])) throw reject('a diagonal is not finite.');
    }
  }
}

/** Everything about linear stages. */
export const linearKind: StageKind<LinearStage> = {
  word: () => 'linear',
  print(stage) {
    const { steps, scalars, vectors, complex } = count(stage);
    const rotations = steps.size > 0 ? `, rotations by ${[...steps].sort((a, b) => a - b).join(' ')}` : '';
    const pairs = complex > 0 ? ` (${complex} complex)` : '';
    const work = `${stage.rows.length} rows, ${scalars} scalars, ${vectors} vectors${pairs}`;
    const scale = `2^${log2(stage.plainScale).toFixed(3)}`;
    const unit = stage.giantUnit === undefined ? '' : ` by ${stage.giantUnit}`;
    const streamed = stage.isStreamed ? ', encoded in each run' : '';
    return `${work} at ${scale}${rotations}, method ${stage.method}${unit}${streamed}, weights ${weightsChecksum(stage.rows)}`;
  },
  part: ({ part }) => part,
  outputs: ({ rows }) => rows.length,
  reads: ({ rows }, output) => rows[output].sums.flatMap(({ terms }) => terms.map(({ input }) => input)),
  drops: ({ rescale }) => rescale,
  factorScale: ({ plainScale }) => plainScale,
  operations(stage) {
    const { baby, giant, scalars, vectors, rotated } = count(stage);
    const isHoisted = addsOverQP(stage.method);
    // A rotation that nothing is multiplied with is made by itself.
    const isShared = stage.method !== 'rotate-and-sum';
    return {
      ...NO_OPERATIONS,
      rotate: baby + giant,
      baby: isShared ? baby : 0,
      // Where rotations are divided by P one by one, that is the other half.
      hoists: isShared && baby + giant > 0 ? rotated + (isHoisted ? stage.rows.length : baby) : 0,
      hoistedPlain: isHoisted ? vectors : 0,
      hoistedScalar: isHoisted ? scalars : 0,
      encoded: stage.isStreamed ? vectors : 0,
      multiplyScalar: scalars,
      multiplyPlain: vectors,
      rescale: stage.rescale ? stage.rows.length : 0,
    };
  },
  steps: (stage) => count(stage).steps,
  work: ({ rows }, output) => rows[output].sums.reduce((sum, { terms }) => sum + terms.length, 0),
  pick: (stage, outputs) => ({ ...stage, rows: outputs.map((output) => stage.rows[output]) }),
  verify(stage, checks) {
    const { rows, method } = stage;
    const { inputs, slots, reject } = checks;
    const isStep = (step: number): boolean => Number.isInteger(step) && step >= 0 && step < slots;
    for (const row of rows) {
      // A sum without a term would be a transparent ciphertext, which hides nothing and which SEAL refuses.
      if (row.sums.length === 0 || row.sums.some((sum) => sum.terms.length === 0)) {
        throw reject('an output, or a sum in it, has no term.');
      }
      if (row.bias) verifyDiagonal(row.bias, checks);
      for (const sum of row.sums) {
        if (!isStep(sum.giantStep)) throw reject(`giant step ${sum.giantStep} is not in 0…${slots - 1}.`);
        for (const term of sum.terms) {
          if (!isStep(term.step)) throw reject(`baby step ${term.step} is not in 0…${slots - 1}.`);
          if (!Number.isInteger(term.input) || term.input < 0 || term.input >= inputs) {
            throw reject(`there is no input ${term.input}.`);
          }
          verifyDiagonal(term.diagonal, checks);
        }
      }
    }
    if (!canSumBy(method, stage)) throw reject(`the method ${String(method)} cannot make its sums.`);
  },
};

// What every linear stage on the SIMD kernel shares: where its rows go, and how each ends, with a rescale and a bias.
import { defined } from '../../../base/assert.ts';
import type { LinearRow, Term } from '../../../plan/plan.ts';
import { addPlainInto, type Ciphertext, type Plaintext, rescale } from '../../../kernel/kernel.ts';
import type { Checkpoint, LinearPart } from '../../backend.ts';
import type { SimdCiphertext, SimdOperations } from './simd-operations.ts';

/** A row with its place among the stage's outputs. */
export interface PlacedRow {
  readonly row: LinearRow;
  readonly output: number;
}

/** The values a stage reads. */
export type Inputs = ReadonlyMap<number, SimdCiphertext>;

/** Takes over an output. */
export type OnOutput = (output: number, ciphertext: SimdCiphertext) => void;

/** The handle of value `input`. */
export function handleOf(inputs: Inputs, input: number): Ciphertext {
  return defined(inputs.get(input), `value ${input} is here`).handle;
}

/** The rows of a part with their places. */
export function placedRows({ rows, outputs }: LinearPart): PlacedRow[] {
  return rows.map((row, index) => ({ row, output: outputs[index] }));
}

/** Every term of a row. */
export function termsOf(row: LinearRow): Term[] {
  return row.sums.flatMap(({ terms }) => terms);
}

/** Disposes everything in `items`. */
export function disposeAll(items: Iterable<Disposable>): void {
  for (const item of items) item[Symbol.dispose]();
}

/** Rescales the sums of a stage and adds their biases. Vector biases are encoded once. */
export class Finisher implements Disposable {
  readonly #backend: SimdOperations;
  readonly #part: LinearPart;
  readonly #biases = new Map<LinearRow, Plaintext>();

  constructor(backend: SimdOperations, part: LinearPart) {
    this.#backend = backend;
    this.#part = part;
  }

  /** Encodes the biases that are vectors. */
  async prepare(checkpoint: Checkpoint): Promise<void> {
    const { level, rescale: drops, outScale, rows } = this.#part;
    for (const row of rows) {
      if (row.bias?.kind !== 'vector') continue;
      this.#biases.set(row, this.#backend.encode(row.bias, outScale, level + (drops ? 0 : 1), 'addend'));
      await checkpoint(0);
    }
  }

  /** The output of `row`, whose terms add up to `sum`. Uses `sum` up, even when it throws. */
  finish(row: LinearRow, sum: Ciphertext): SimdCiphertext {
    const { outScale } = this.#part;
    let handle = sum;
    try {
      if (this.#part.rescale) {
        handle = rescale(sum);
        sum[Symbol.dispose]();
      }
      const bias = this.#biases.get(row);
      if (bias) addPlainInto(handle, bias);
      else if (row.bias) this.#backend.addConstant({ handle, scale: outScale }, row.bias);
      return { handle, scale: outScale };
    } catch (error) {
      handle[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    disposeAll(this.#biases.values());
  }
}

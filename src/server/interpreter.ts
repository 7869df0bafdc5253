// Runs the stages of a plan on any backend: the one interpreter of the project.
import { defined } from '../base/assert.ts';
import type { LinearRow, LinearStage } from '../plan/plan.ts';
import type { StagePart } from '../plan/partition.ts';
import type { Backend } from './backend.ts';

/** Values by their number. Whoever holds the map frees what is in it. */
export type Values<C> = Map<number, C>;

/** The baby-step rotations of a stage's inputs, made once and shared by its rows. */
class RotatedInputs<C> implements Disposable {
  readonly #backend: Backend<C>;
  readonly #inputs: ReadonlyMap<number, C>;
  readonly #rotated = new Map<string, C>();

  constructor(backend: Backend<C>, inputs: ReadonlyMap<number, C>) {
    this.#backend = backend;
    this.#inputs = inputs;
  }

  get(input: number, step: number): C {
    const ciphertext = defined(this.#inputs.get(input), `value ${input} is here`);
    if (step === 0) return ciphertext;
    const key = `${input}:${step}`;
    let rotated = this.#rotated.get(key);
    if (rotated === undefined) {
      rotated = this.#backend.rotate(ciphertext, step);
      this.#rotated.set(key, rotated);
    }
    return rotated;
  }

  [Symbol.dispose](): void {
    for (const ciphertext of this.#rotated.values()) this.#backend.free(ciphertext);
  }
}

function evaluateRow<C>(
  backend: Backend<C>,
  stage: Omit<LinearStage, 'rows'>,
  row: LinearRow,
  inputs: RotatedInputs<C>,
): C {
  let total: C | undefined;
  for (const { giantStep, terms } of row.sums) {
    let sum: C | undefined;
    for (const { input, step, diagonal } of terms) {
      sum = backend.multiplyAdd(sum, inputs.get(input, step), diagonal, stage.plainScale);
    }
    let part = defined(sum, 'a sum has terms');
    if (giantStep !== 0) {
      const rotated = backend.rotate(part, giantStep);
      backend.free(part);
      part = rotated;
    }
    total = total === undefined ? part : backend.add(total, part);
  }
  let result = defined(total, 'a row has sums');
  if (stage.rescale) result = backend.rescale(result, stage.outScale);
  if (row.bias) backend.addConstant(result, row.bias);
  return result;
}

/** Called between ciphertexts: may wait (so that a worker hears its messages) and may throw `aborted`. */
export type Checkpoint = () => Promise<void>;

async function runStage<C>(
  backend: Backend<C>,
  stage: StagePart,
  inputs: ReadonlyMap<number, C>,
  checkpoint: Checkpoint,
  onOutput: (output: number, ciphertext: C) => void,
): Promise<void> {
  if (stage.kind === 'square') {
    for (const output of stage.outputs) {
      const input = defined(inputs.get(output), `value ${output} is here`);
      onOutput(output, backend.square(input, stage.outScale));
      await checkpoint();
    }
    return;
  }
  using rotated = new RotatedInputs(backend, inputs);
  for (const [index, row] of stage.rows.entries()) {
    onOutput(stage.outputs[index]!, evaluateRow(backend, stage, row, rotated));
    await checkpoint();
  }
}

/** Frees every value of `values` and empties it. */
export function freeValues<C>(backend: Backend<C>, values: Values<C>): void {
  for (const ciphertext of values.values()) backend.free(ciphertext);
  values.clear();
}

/**
 * Runs the stages of a segment on `values`, which it frees and empties, and hands each result to `onOutput`, who then
 * owns it.
 */
export async function runSegment<C>(
  backend: Backend<C>,
  segment: readonly StagePart[],
  values: Values<C>,
  checkpoint: Checkpoint,
  onOutput: (output: number, ciphertext: C) => void,
): Promise<void> {
  let current = values;
  for (const [index, stage] of segment.entries()) {
    const isLast = index === segment.length - 1;
    const next: Values<C> = new Map();
    try {
      await runStage(backend, stage, current, checkpoint, isLast ? onOutput : (output, c) => next.set(output, c));
    } catch (error) {
      freeValues(backend, next);
      throw error;
    } finally {
      freeValues(backend, current);
    }
    current = next;
  }
}

/** Number of ciphertexts a segment makes, to report progress by. */
export function segmentWork(segment: readonly StagePart[]): number {
  return segment.reduce((sum, stage) => sum + stage.outputs.length, 0);
}

// Runs the stages of a plan on any backend: the one interpreter of the project.
import { defined } from '../base/assert.ts';
import { SealedError } from '../base/errors.ts';
import { withoutLastPrime } from '../params/residues.ts';
import type { LinearRow, LinearStage, ProductStage } from '../plan/plan.ts';
import type { PlanPart, StagePart } from '../plan/partition.ts';
import type { Backend, Checkpoint, LinearPart, LinearRunner } from './backend.ts';
import { SegmentInputs } from './segment-inputs.ts';

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
  let sum: C | undefined;
  const isChained = stage.method === 'chained';
  const rotateTotal = (step: number): void => {
    const before = defined(total, 'a chain begins with a sum');
    total = backend.rotate(before, step);
    backend.free(before);
  };
  try {
    const sums = isChained ? row.sums.toReversed() : row.sums;
    for (const [index, { giantStep, terms }] of sums.entries()) {
      for (const { input, step, diagonal } of terms) {
        sum = backend.multiplyAdd(sum, inputs.get(input, step), diagonal, stage.plainScale);
      }
      const part = defined(sum, 'a sum has terms');
      if (isChained) {
        const links = index === 0 ? 0 : (sums[index - 1].giantStep - giantStep) / stage.giantUnit!;
        for (let link = 0; link < links; link += 1) rotateTotal(stage.giantUnit!);
      } else if (giantStep !== 0) {
        sum = backend.rotate(part, giantStep);
        backend.free(part);
      }
      total = total === undefined ? sum : backend.add(total, defined(sum, 'a sum has terms'));
      sum = undefined;
    }
    total = defined(total, 'a row has sums');
    if (isChained) {
      for (let at = row.sums[0].giantStep; at > 0; at -= stage.giantUnit!) rotateTotal(stage.giantUnit!);
    }
    if (stage.rescale) total = backend.rescale(total, stage.outScale);
    if (row.bias) backend.addConstant(total, row.bias);
    return total;
  } catch (error) {
    // What a failed call was given is still ours.
    if (sum !== undefined) backend.free(sum);
    if (total !== undefined) backend.free(total);
    throw error;
  }
}

/** Runs a linear stage operation by operation, as any backend can. */
class OperationRunner<C> implements LinearRunner<C> {
  readonly #part: LinearPart;

  constructor(part: LinearPart) {
    this.#part = part;
  }

  async prepare(): Promise<void> {
    // Diagonals are encoded as they are used: nothing is held.
  }

  async run(
    backend: Backend<C>,
    inputs: ReadonlyMap<number, C>,
    checkpoint: Checkpoint,
    onOutput: (output: number, ciphertext: C) => void,
  ): Promise<void> {
    const { rows, outputs } = this.#part;
    using rotated = new RotatedInputs(backend, inputs);
    for (const [index, row] of rows.entries()) {
      onOutput(outputs[index], evaluateRow(backend, this.#part, row, rotated));
      await checkpoint(1);
    }
  }

  [Symbol.dispose](): void {
    // Nothing is held.
  }
}

function runnerOf<C>(backend: Backend<C>, stage: StagePart): LinearRunner<C> | undefined {
  if (stage.kind !== 'linear') return undefined;
  return backend.linearRunner?.(stage) ?? new OperationRunner(stage);
}

/** A worker's part of a plan, made ready for its backend by {@link preparePart}. Dispose it when the plan is forgotten. */
class PreparedPart<C> implements Disposable {
  readonly segments: readonly (readonly PreparedStage<C>[])[];
  /** What each segment starts from. */
  readonly inputs: readonly SegmentInputs[];
  #holders = 0;
  #isDisposed = false;

  constructor(backend: Backend<C>, part: PlanPart) {
    this.segments = part.segments.map((stages) =>
      stages.map((stage) => ({ stage, runner: runnerOf(backend, stage) })),
    );
    this.inputs = part.segments.map(([first]) => new SegmentInputs(first));
  }

  /** Keeps the part usable until what is returned is disposed, even if the part itself is disposed meanwhile. */
  hold(): Disposable {
    this.#holders += 1;
    return {
      [Symbol.dispose]: () => {
        this.#holders -= 1;
        if (this.#isDisposed && this.#holders === 0) this.#release();
      },
    };
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    if (this.#holders === 0) this.#release();
  }

  #release(): void {
    for (const { runner } of this.segments.flat()) runner?.[Symbol.dispose]();
  }
}

export type { PreparedPart };

/**
 * `part` with its weights encoded for `backend`.
 * @param checkpoint may stop it; nothing is left behind then
 */
export async function preparePart<C>(
  backend: Backend<C>,
  part: PlanPart,
  checkpoint: Checkpoint,
): Promise<PreparedPart<C>> {
  const prepared = new PreparedPart(backend, part);
  try {
    for (const { runner } of prepared.segments.flat()) await runner?.prepare(checkpoint);
  } catch (error) {
    prepared[Symbol.dispose]();
    throw error;
  }
  return prepared;
}

/** A stage and, if it is linear, how to run it. */
export interface PreparedStage<C> {
  readonly stage: StagePart;
  readonly runner: LinearRunner<C> | undefined;
}

async function runStage<C>(
  backend: Backend<C>,
  { stage, runner }: PreparedStage<C>,
  inputs: ReadonlyMap<number, C>,
  checkpoint: Checkpoint,
  onOutput: (output: number, ciphertext: C) => void,
): Promise<void> {
  if (runner) return runner.run(backend, inputs, checkpoint, onOutput);
  if (stage.kind !== 'product')
    throw new SealedError('internal', `There is no runner for a ${stage.kind} stage.`);
  const input = (index: number): C => defined(inputs.get(index), `value ${index} is here`);
  for (const [index, output] of stage.outputs.entries()) {
    onOutput(output, evaluatePair(backend, stage, stage.pairs[index], input));
    await checkpoint(1);
  }
}

const ONE = { kind: 'scalar', value: 1 } as const;

/** `ciphertext` without its last prime, by the backend's own way or by its residues; the argument stays the caller's. */
function dropPrime<C>(backend: Backend<C>, ciphertext: C, inScale: number, outScale: number): C {
  return (
    backend.dropPrime?.(ciphertext, inScale, outScale) ??
    backend.load(withoutLastPrime(backend.save(ciphertext), outScale))
  );
}

/** A pair's product, or its left value carried down to the level of the others. */
function evaluatePair<C>(
  backend: Backend<C>,
  { inScale, outScale }: ProductStage,
  { left, right, drop }: ProductStage['pairs'][number],
  input: (index: number) => C,
): C {
  if (drop) return dropPrime(backend, input(left), inScale, outScale);
  if (right === undefined) {
    const carried = backend.multiplyAdd(undefined, input(left), ONE, inScale);
    try {
      return backend.rescale(carried, outScale);
    } catch (error) {
      backend.free(carried);
      throw error;
    }
  }
  return left === right
    ? backend.square(input(left), outScale)
    : backend.multiply(input(left), input(right), outScale);
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
  segment: readonly PreparedStage<C>[],
  values: Values<C>,
  checkpoint: Checkpoint,
  onOutput: (output: number, ciphertext: C) => void,
): Promise<void> {
  let current = values;
  for (const [index, stage] of segment.entries()) {
    const isLast = index === segment.length - 1;
    const next: Values<C> = new Map();
    try {
      await runStage(
        backend,
        stage,
        current,
        checkpoint,
        isLast ? onOutput : (output, c) => next.set(output, c),
      );
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
export function segmentWork(segment: readonly PreparedStage<unknown>[]): number {
  return segment.reduce((sum, { stage }) => sum + stage.outputs.length, 0);
}

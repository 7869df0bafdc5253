// Rotate-and-sum on the SIMD kernel: the folds of general networks, whose factors are all 1.
import { addInto, type Ciphertext, rotate } from '../../../kernel/kernel.ts';
import type { Checkpoint, LinearPart, LinearRunner } from '../../backend.ts';
import type { SimdCiphertext, SimdOperations } from './simd-operations.ts';
import { Finisher, handleOf, type Inputs, type OnOutput, placedRows } from './simd-rows.ts';

/** One rotation a term: with a step or two an input, hoisting costs more than it saves. */
export class SumRunner implements LinearRunner<SimdCiphertext> {
  readonly #part: LinearPart;
  readonly #finisher: Finisher;

  constructor(backend: SimdOperations, part: LinearPart) {
    this.#part = part;
    this.#finisher = new Finisher(backend, part);
  }

  prepare(checkpoint: Checkpoint): Promise<void> {
    return this.#finisher.prepare(checkpoint);
  }

  async run(
    backend: SimdOperations,
    inputs: Inputs,
    checkpoint: Checkpoint,
    onOutput: OnOutput,
  ): Promise<void> {
    for (const { row, output } of placedRows(this.#part)) {
      onOutput(output, this.#finisher.finish(row, rotateAndSum(backend, inputs, row.sums[0].terms)));
      await checkpoint(1);
    }
  }

  [Symbol.dispose](): void {
    this.#finisher[Symbol.dispose]();
  }
}

function rotateAndSum(
  backend: SimdOperations,
  inputs: Inputs,
  terms: readonly { readonly input: number; readonly step: number }[],
): Ciphertext {
  // A rotated term first, where there is one: it is a ciphertext of our own to add to.
  const [first, ...rest] = [...terms].sort((a, b) => b.step - a.step);
  const sum = rotated(backend, inputs, first);
  try {
    for (const term of rest) {
      if (term.step === 0) {
        addInto(sum, handleOf(inputs, term.input));
        continue;
      }
      using next = rotated(backend, inputs, term);
      addInto(sum, next);
    }
  } catch (error) {
    sum[Symbol.dispose]();
    throw error;
  }
  return sum;
}

/** A ciphertext of our own: the rotation, or a copy. */
function rotated(
  backend: SimdOperations,
  inputs: Inputs,
  { input, step }: { readonly input: number; readonly step: number },
): Ciphertext {
  const handle = handleOf(inputs, input);
  if (step !== 0) return rotate(handle, backend.rotationKey(step));
  return backend.multiplyAdd(undefined, { handle, scale: 1 }, { kind: 'scalar', value: 1 }, 1).handle;
}

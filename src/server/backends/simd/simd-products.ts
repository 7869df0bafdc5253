// Sums of products on the SIMD kernel, each row one accumulation; rotations that rows share are made first.
import {
  type Ciphertext,
  hoist,
  hoistedRotation,
  multiplyAccumulate,
  type Plaintext,
} from '../../../kernel/kernel.ts';
import type { Checkpoint, LinearPart, LinearRunner } from '../../backend.ts';
import type { SimdCiphertext, SimdOperations } from './simd-operations.ts';
import {
  disposeAll,
  Finisher,
  handleOf,
  type Inputs,
  type OnOutput,
  type PlacedRow,
  placedRows,
  termsOf,
} from './simd-rows.ts';

/** A term with its factor, encoded once. */
interface Factor {
  readonly input: number;
  readonly step: number;
  readonly plaintext: Plaintext;
}

/** A stage of products, without giant steps. */
export class ProductRunner implements LinearRunner<SimdCiphertext> {
  readonly #host: SimdOperations;
  readonly #part: LinearPart;
  readonly #rows: { placed: PlacedRow; factors: Factor[] }[] = [];
  readonly #finisher: Finisher;

  constructor(host: SimdOperations, part: LinearPart) {
    this.#host = host;
    this.#part = part;
    this.#finisher = new Finisher(host, part);
  }

  async prepare(checkpoint: Checkpoint): Promise<void> {
    for (const placed of placedRows(this.#part)) {
      const factors: Factor[] = [];
      this.#rows.push({ placed, factors });
      if (this.#part.isStreamed) continue;
      this.#encode(placed, factors);
      await checkpoint(0);
    }
    await this.#finisher.prepare(checkpoint);
  }

  /** Adds the factors of a row to `factors`, which so holds what there is even where this throws. */
  #encode({ row }: PlacedRow, factors: Factor[]): void {
    const { level, plainScale } = this.#part;
    for (const { input, step, diagonal } of termsOf(row)) {
      const plaintext = this.#host.encode(diagonal, plainScale, level + 1, 'factor');
      factors.push({ input, step, plaintext });
    }
  }

  async run(
    backend: SimdOperations,
    inputs: Inputs,
    checkpoint: Checkpoint,
    onOutput: OnOutput,
  ): Promise<void> {
    using rotated = new Rotations(inputs);
    for (const [input, steps] of this.#steps()) {
      rotated.add(input, steps, backend);
      await checkpoint(0);
    }
    for (const { placed, factors } of this.#rows) {
      const own: Factor[] = [];
      try {
        if (this.#part.isStreamed) this.#encode(placed, own);
        const terms = [...factors, ...own].map(({ input, step, plaintext }) => ({
          ciphertext: rotated.get(input, step),
          plaintext,
        }));
        onOutput(placed.output, this.#finisher.finish(placed.row, multiplyAccumulate(terms)));
      } finally {
        disposeAll(own.map(({ plaintext }) => plaintext));
      }
      await checkpoint(1);
    }
  }

  /** The steps other than 0 of each input that has any. */
  #steps(): Map<number, Set<number>> {
    const byInput = new Map<number, Set<number>>();
    for (const { input, step } of this.#rows.flatMap(({ placed }) => termsOf(placed.row))) {
      if (step === 0) continue;
      const steps = byInput.get(input) ?? new Set();
      byInput.set(input, steps.add(step));
    }
    return byInput;
  }

  [Symbol.dispose](): void {
    for (const { factors } of this.#rows) disposeAll(factors.map(({ plaintext }) => plaintext));
    this.#finisher[Symbol.dispose]();
  }
}

/** The inputs of a run and their rotations. */
class Rotations implements Disposable {
  readonly #inputs: Inputs;
  readonly #rotated = new Map<string, Ciphertext>();

  constructor(inputs: Inputs) {
    this.#inputs = inputs;
  }

  /** Rotates `input` by each of `steps`, decomposing it once. */
  add(input: number, steps: Iterable<number>, backend: SimdOperations): void {
    using hoisted = hoist(handleOf(this.#inputs, input));
    for (const step of steps) {
      this.#rotated.set(`${input}:${step}`, hoistedRotation(hoisted, backend.rotationKey(step)));
    }
  }

  get(input: number, step: number): Ciphertext {
    return this.#rotated.get(`${input}:${step}`) ?? handleOf(this.#inputs, input);
  }

  [Symbol.dispose](): void {
    disposeAll(this.#rotated.values());
  }
}

// Values between two encrypted stretches of a network: decrypted here, computed on here, encrypted again from here.
import { SealedError } from '../base/errors.ts';

const NOTHING: Float32Array = new Float32Array(0);

/** The values of one run's inputs at one place of the network. They never leave the client role. */
export class HeldValues {
  readonly #values = new Map<number, Float32Array>();
  /** What is kept for later rounds than the next. */
  readonly #kept = new Map<number, Float32Array>();
  #runId = -1;

  /**
   * Keeps the values of inputs `first`, `first` + 1, … of `runId` for its next round, and `kept` for the one after that;
   * another run's are forgotten.
   */
  put(
    runId: number,
    first: number,
    values: Float32Array,
    inputs: number,
    kept: Float32Array = NOTHING,
  ): void {
    if (runId !== this.#runId) this.clear();
    this.#runId = runId;
    const part = (all: Float32Array, i: number): Float32Array => {
      const size = all.length / inputs;
      return all.slice(i * size, (i + 1) * size);
    };
    for (let i = 0; i < inputs; i += 1) {
      this.#values.set(first + i, part(values, i));
      if (kept.length > 0) this.#kept.set(first + i, part(kept, i));
    }
  }

  /**
   * Gives back, joined, what was kept of `inputs` inputs from `first` on for the round that has come, and forgets it: nothing
   * where nothing was.
   */
  takeKept(runId: number, first: number, inputs: number): Float32Array {
    if (runId !== this.#runId || !this.#kept.has(first)) return NOTHING;
    return take(this.#kept, first, inputs);
  }

  /**
   * Gives back, joined, what was kept of `inputs` inputs from `first` on, and forgets it.
   * @throws SealedError `wrong-state` for an input that is not here
   */
  take(runId: number, first: number, inputs: number): Float32Array {
    return take(runId === this.#runId ? this.#values : new Map<number, Float32Array>(), first, inputs);
  }

  clear(): void {
    this.#values.clear();
    this.#kept.clear();
    this.#runId = -1;
  }
}

/** The values of inputs `first`, `first` + 1, … of `held`, joined, which are taken out of it. */
function take(held: Map<number, Float32Array>, first: number, inputs: number): Float32Array {
  const taken = Array.from({ length: inputs }, (_, i) => {
    const values = held.get(first + i);
    if (values) return values;
    throw new SealedError('wrong-state', `The client holds no values of input ${first + i} of this run.`, {
      stage: 'encrypt',
    });
  });
  const joined = new Float32Array(taken.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  taken.forEach((values, i) => {
    held.delete(first + i);
    joined.set(values, at);
    at += values.length;
  });
  return joined;
}

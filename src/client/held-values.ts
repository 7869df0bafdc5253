// Values between two encrypted stretches of a network: decrypted here, computed on here, encrypted again from here.
import { SealedError } from '../base/errors.ts';

/** The values of one run's inputs at one place of the network. They never leave the client role. */
export class HeldValues {
  readonly #values = new Map<number, Float32Array>();
  #runId = -1;

  /** Keeps the values of inputs `first`, `first` + 1, … of `runId`; another run's are forgotten. */
  put(runId: number, first: number, values: Float32Array, inputs: number): void {
    if (runId !== this.#runId) this.clear();
    this.#runId = runId;
    const size = values.length / inputs;
    for (let i = 0; i < inputs; i += 1) this.#values.set(first + i, values.slice(i * size, (i + 1) * size));
  }

  /**
   * Gives back, joined, what was kept of `inputs` inputs from `first` on, and forgets it.
   * @throws SealedError `wrong-state` for an input that is not here
   */
  take(runId: number, first: number, inputs: number): Float32Array {
    const taken = Array.from({ length: inputs }, (_, i) => {
      const values = runId === this.#runId ? this.#values.get(first + i) : undefined;
      if (values) return values;
      throw new SealedError('wrong-state', `The client holds no values of input ${first + i} of this run.`, {
        stage: 'encrypt',
      });
    });
    const joined = new Float32Array(taken.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    taken.forEach((values, i) => {
      this.#values.delete(first + i);
      joined.set(values, at);
      at += values.length;
    });
    return joined;
  }

  clear(): void {
    this.#values.clear();
    this.#runId = -1;
  }
}

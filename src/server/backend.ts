// What the interpreter asks of a backend: the homomorphic operations, on ciphertexts of the backend's own kind.
import type { ResidueCiphertext, ResidueEvaluationKeys, SentCiphertext } from '../params/residues.ts';
import type { StagePart } from '../plan/partition.ts';
import type { Diagonal } from '../plan/plan.ts';

/** A worker's part of a linear stage. */
export type LinearPart = Extract<StagePart, { kind: 'linear' }>;

/**
 * Called between ciphertexts with the number of outputs made since the last call: may wait (so that a worker hears its
 * messages) and may throw `aborted`.
 */
export type Checkpoint = (finished: number) => Promise<void>;

/** A linear stage that is made ready once, with its weights encoded, and runs many times. */
export interface LinearRunner<C> extends Disposable {
  /** Encodes the weights. Before the first run; whoever made the runner disposes it if this throws. */
  prepare(checkpoint: Checkpoint): Promise<void>;
  /**
   * Runs the stage on `inputs`, handing each output (who then owns it) to `onOutput` as it is made.
   * @param backend the backend that made the runner, or one of its tenants: whose keys are used
   */
  run(
    backend: Backend<C>,
    inputs: ReadonlyMap<number, C>,
    checkpoint: Checkpoint,
    onOutput: (output: number, ciphertext: C) => void,
  ): Promise<void>;
}

/**
 * Operations on ciphertexts `C`. Results belong to the caller, who frees each once. A call that throws uses nothing up:
 * its arguments stay the caller's.
 */
export interface Backend<C> extends Disposable {
  /** A ciphertext from checked residues. @throws SealedError `malformed-frame` for a seed that this backend cannot expand */
  load(ciphertext: SentCiphertext): C;
  save(ciphertext: C): ResidueCiphertext;
  /** Left rotation by `step` slots. @throws SealedError `missing-key` */
  rotate(ciphertext: C, step: number): C;
  /** `sum + ciphertext ⊙ diagonal` with the diagonal encoded at `plainScale`; uses up `sum`. Undefined counts as 0. */
  multiplyAdd(sum: C | undefined, ciphertext: C, diagonal: Diagonal, plainScale: number): C;
  /** `a + b`; uses up both. */
  add(a: C, b: C): C;
  /** Drops one prime; the result's scale is exactly `outScale`. Uses up its argument. */
  rescale(ciphertext: C, outScale: number): C;
  /** Adds a constant to each slot, in place. */
  addConstant(ciphertext: C, constant: Diagonal): void;
  /** Square, relinearised, rescaled to `outScale`. @throws SealedError `missing-key` */
  square(ciphertext: C, outScale: number): C;
  /** Product of two, relinearised, rescaled to `outScale`. @throws SealedError `missing-key` */
  multiply(a: C, b: C, outScale: number): C;
  /**
   * The residues of `ciphertext` of all primes but the last, read at `outScale`: its slots are then `inScale / outScale`
   * times what they were. Without it, the interpreter takes the ciphertext out and in again.
   */
  dropPrime?(ciphertext: C, inScale: number, outScale: number): C;
  free(ciphertext: C): void;
  /** This backend's own way to run a whole linear stage, where it has one. */
  linearRunner?(part: LinearPart): LinearRunner<C>;
  /** Bytes of WebAssembly memory in use by this backend's module. */
  memoryBytes(): number;
}

/** A backend for real ciphertexts, which takes evaluation keys. */
export interface KeyedBackend<C> extends Backend<C> {
  /** Adds checked keys; a key given again replaces the one before. */
  addKeys(keys: ResidueEvaluationKeys): void;
  /**
   * The same backend for another client: it shares everything but the keys, of which it has none yet. Disposing it frees
   * its keys alone; dispose it before the backend it came from.
   */
  tenant(): KeyedBackend<C>;
}

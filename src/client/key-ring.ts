// A secret key and the evaluation keys that have been made from it.
import { SealedError } from '../base/errors.ts';
import type { ResidueKey } from '../params/residues.ts';
import type { ServerBackendName } from '../protocol/backends.ts';
import { encodeFrame } from '../protocol/frame.ts';
import type { ClientKeys } from './client-keys.ts';

/** The keys that a card needs. */
export interface NeededKeys {
  /** Level of the relinearisation key; undefined for none. */
  readonly relinearize: number | undefined;
  /** Level of the key of each rotation step, steps ascending. */
  readonly rotations: ReadonlyMap<number, number>;
}

/** A secret key and what has been made from it. Dispose it to forget it. */
export class KeyRing implements Disposable {
  /** Whether it has encrypted anything. */
  isUsed = false;
  readonly keys: ClientKeys;
  /** What the service computes with. */
  readonly backend: ServerBackendName;
  /** Levels of the keys that have been made; −1 for none. */
  #relinearization = -1;
  readonly #rotations = new Map<number, number>();

  /** @param keys become the ring's own */
  constructor(keys: ClientKeys, backend: ServerBackendName) {
    this.keys = keys;
    this.backend = backend;
  }

  /** The keys of `needed` that have not been made yet, or for lower levels alone. */
  missing({ relinearize, rotations }: NeededKeys): NeededKeys {
    const isMissing = relinearize !== undefined && relinearize > this.#relinearization;
    return {
      relinearize: isMissing ? relinearize : undefined,
      rotations: new Map([...rotations].filter(([step, level]) => level > (this.#rotations.get(step) ?? -1))),
    };
  }

  /**
   * A frame with these keys. Each is made once: what a frame that never arrived held, only another secret key makes again.
   * @param pause called between two keys; what it throws leaves the keys unmade
   */
  async make(
    { relinearize, rotations: needed }: NeededKeys,
    pause: () => Promise<void>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const relinearization = relinearize === undefined ? undefined : this.keys.relinearizationKey(relinearize);
    const rotations = new Map<number, ResidueKey>();
    for (const [step, level] of needed) {
      await pause();
      rotations.set(step, this.keys.rotationKey(step, level));
    }
    await pause();
    this.#relinearization = relinearize ?? this.#relinearization;
    for (const [step, level] of needed) this.#rotations.set(step, level);
    return encodeFrame(
      { kind: 'evaluation-keys', keys: { relinearization, rotations } },
      this.keys.parameters,
    );
  }

  [Symbol.dispose](): void {
    this.keys[Symbol.dispose]();
  }
}

/** The error where keys are needed and have not been made. */
export function notPrepared(): SealedError {
  return new SealedError('wrong-state', 'Keys for this model have not been made: prepare it first.', {
    stage: 'encrypt',
  });
}

// A secret key and the evaluation keys that have been made from it.
import { SealedError } from '../base/errors.ts';
import type { ResidueKey } from '../params/residues.ts';
import type { ServerBackendName } from '../protocol/backends.ts';
import { encodeFrame } from '../protocol/frame.ts';
import type { ClientKeys } from './client-keys.ts';
import type { NeededKeys } from '../protocol/needed-keys.ts';
import { Masks } from './masks.ts';

/** A secret key and what has been made from it. Dispose it to forget it. */
export class KeyRing implements Disposable {
  /** Whether it has encrypted anything. */
  isUsed = false;
  readonly keys: ClientKeys;
  /** What the service computes with. */
  readonly backend: ServerBackendName;
  /** Of all that it has encrypted. */
  readonly sent = new Masks();
  /** The client's part of the seed that all of it was made from, where that can be opened. */
  readonly #own: Uint8Array<ArrayBuffer> | undefined;
  /** Levels of the keys that have been made; −1 for none. */
  #relinearization = -1;
  readonly #rotations = new Map<number, number>();

  /** @param keys become the ring's own, as does `own`, what its seed is opened with */
  constructor(keys: ClientKeys, backend: ServerBackendName, own?: Uint8Array<ArrayBuffer>) {
    this.keys = keys;
    this.backend = backend;
    this.#own = own;
  }

  /** A copy of what the seed is opened with. @throws SealedError `wrong-state` where it was not committed to */
  opening(): Uint8Array<ArrayBuffer> {
    if (this.#own) return this.#own.slice();
    throw new SealedError('wrong-state', 'The seed of these keys was not committed to: it opens nothing.', {
      stage: 'keygen',
    });
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
    const keys = { relinearization, rotations };
    const frame = encodeFrame({ kind: 'evaluation-keys', keys }, this.keys.parameters);
    for (const key of [relinearization, ...rotations.values()]) this.keys.reuse(key?.digits ?? []);
    return frame;
  }

  [Symbol.dispose](): void {
    this.#own?.fill(0);
    this.keys[Symbol.dispose]();
  }
}

/** The error where keys are needed and have not been made. */
export function notPrepared(): SealedError {
  return new SealedError('wrong-state', 'Keys for this model have not been made: prepare it first.', {
    stage: 'encrypt',
  });
}

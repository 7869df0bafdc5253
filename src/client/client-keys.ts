// What holds a secret key, whatever computes with it: the client's kernel, or Microsoft SEAL. Both make the same bytes.
import type { Parameters } from '../params/parameters.ts';
import type { ResidueCiphertext, ResidueKey, SentCiphertext } from '../params/residues.ts';

/** An encryption and what it took. Where encoding and encrypting are one step, the first is 0. */
export interface Encryption {
  readonly ciphertext: SentCiphertext;
  /** The row of its c_1 under the first prime. */
  readonly mask: Uint32Array;
  readonly encodeMs: number;
  readonly encryptMs: number;
}

/** A secret key. Dispose it to forget it. */
export interface ClientKeys extends Disposable {
  readonly parameters: Parameters;
  /** @param level of the ciphertexts that it serves, and all below */
  relinearizationKey(level: number): ResidueKey;
  /** @param step left rotation in slots */
  rotationKey(step: number, level: number): ResidueKey;
  /** Does, for `count` ciphertexts of `level`, what of their encryption needs no text. */
  prepare(level: number, count: number): void;
  /** A fresh ciphertext of up to N/2 slots. @throws SealedError `out-of-range` */
  encrypt(slots: Float64Array, scale: number, level: number): Encryption;
  /**
   * The slots of a ciphertext: real parts, then imaginary ones where `isComplex`.
   * @throws SealedError `invalid-argument` where imaginary parts are wanted of Microsoft SEAL, whose wrapper has none
   */
  decrypt(ciphertext: ResidueCiphertext, isComplex?: boolean): Float64Array;
  /** Takes back the words of a key or ciphertext that has been written to a frame: nothing else may look at them. */
  reuse(words: readonly Uint32Array[]): void;
}

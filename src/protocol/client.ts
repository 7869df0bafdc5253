// The contract of the client role. Secret keys exist behind it, and no call returns one.
import type { Controls } from '../base/controls.ts';
import type { Picture } from '../plan/finish.ts';
import type { Sha256 } from './card.ts';

/** The encrypted input, one frame for each ciphertext. */
export interface EncryptedInput {
  readonly frames: readonly Uint8Array<ArrayBuffer>[];
  readonly encodeMs: number;
  readonly encryptMs: number;
}

/** Some of a run's inputs: `inputs` of them, from number `first` on. */
export interface InputGroup {
  readonly runId: number;
  readonly first: number;
  readonly inputs: number;
}

/** Evaluation keys that the service lacks. */
export interface MadeKeys {
  /** A frame of some of them; undefined where it has them all. */
  readonly keys: Uint8Array<ArrayBuffer> | undefined;
  readonly keygenMs: number;
  /** Keys that are still to be made: ask again. */
  readonly left: number;
}

/** What a decrypted answer becomes, by the card's result. */
export type DecryptedResult =
  | { readonly kind: 'picture'; readonly picture: Picture; readonly decryptMs: number }
  /**
   * Outputs one after the other. Raw values: they are for their owner alone and must not be published (DESIGN section 3).
   */
  | { readonly kind: 'tensor'; readonly values: Float32Array; readonly decryptMs: number };

/** The client role. Its calls are done one after the other, in the order in which they came. */
export interface ClientRole {
  /** Loads the WebAssembly ahead of its first use. */
  warm(): Promise<void>;
  /**
   * Takes an encoded card, which may come from anywhere, and keeps it under its name.
   * @throws SealedError `malformed-frame`, `insecure-parameters`
   */
  open(card: Uint8Array): Promise<Sha256>;
  /**
   * Makes evaluation keys that `card` needs and that have not been made since the secret key: up to `most` of them.
   * Keys for other parameters are forgotten, their secret key with them.
   */
  prepare(card: Sha256, most: number, controls?: Controls): Promise<MadeKeys>;
  /**
   * Encrypts `values`, the input tensor in C order, for the card's first segment: one frame for each ciphertext, in order.
   * Where the card has a batch, `values` may be several inputs one after the other.
   */
  encrypt(card: Sha256, values: Float32Array, controls?: Controls): Promise<EncryptedInput>;
  /**
   * A round in the middle of a network: decrypts the answer of `segment`, computes the card's layers on it and keeps the
   * result, which no call returns in the clear.
   */
  hold(
    card: Sha256,
    segment: number,
    frames: readonly Uint8Array[],
    group: InputGroup,
    controls?: Controls,
  ): Promise<{ readonly decryptMs: number }>;
  /** Encrypts what {@link ClientRole.hold} kept of these inputs for `segment`, and forgets it. */
  encryptHeld(card: Sha256, segment: number, group: InputGroup, controls?: Controls): Promise<EncryptedInput>;
  /**
   * Decrypts the answer of the last segment and computes the card's last layers.
   * @param frames frames of ciphertexts that together hold every output once
   * @param inputs how many inputs were encrypted
   * @param reference the float network's output for one input, to report a picture's precision against
   */
  decrypt(
    card: Sha256,
    frames: readonly Uint8Array[],
    inputs: number,
    reference?: Float32Array,
    controls?: Controls,
  ): Promise<DecryptedResult>;
  /** Forgets the keys and everything that was held. */
  close(): Promise<void>;
}

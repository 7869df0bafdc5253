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
  /** How many this frame holds. */
  readonly made: number;
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

/** What an answer must be, where the client knows the model. */
export interface Expected {
  /**
   * The float network's values for the inputs that were encrypted, one after the other: of a picture `[3, height, width]`.
   */
  readonly reference: Float32Array;
  /** Largest absolute difference that is accepted (of a picture's values in 0 to 1): the client's own, not the card's word. */
  readonly bound: number;
}

/** What came of a round in the middle of a network. */
export interface HeldRound {
  readonly decryptMs: number;
  /** What was wrong with the answer, in words: the run goes on as if nothing were, and this is told at its end. */
  readonly wrong: string | undefined;
}

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
   * Makes evaluation keys that `card` needs and that have not been made since the secret key: up to `most` of them. There is
   * another secret key for other parameters, and for a picture where the one that is there has encrypted something.
   */
  prepare(card: Sha256, most: number, controls?: Controls): Promise<MadeKeys>;
  /**
   * Encrypts `values`, the input tensor in C order, for the card's first segment: one frame for each ciphertext, in order.
   * Where the card has a batch, `values` may be several inputs one after the other. A key encrypts for one picture.
   * @throws SealedError `wrong-state` before `prepare`, and for a picture with a key that has encrypted something
   */
  encrypt(card: Sha256, values: Float32Array, controls?: Controls): Promise<EncryptedInput>;
  /**
   * A round in the middle of a network: decrypts the answer of `segment`, computes the card's layers on it and keeps the
   * result, which no call returns in the clear. An answer never fails here, since the service would see that no next request
   * comes: values that are not what is expected are replaced by it, others that cannot be encrypted again are clamped.
   * @param expected the float network's values at the segment's end, where they are known
   */
  hold(
    card: Sha256,
    segment: number,
    frames: readonly Uint8Array[],
    group: InputGroup,
    expected?: Expected,
    controls?: Controls,
  ): Promise<HeldRound>;
  /** Encrypts what {@link ClientRole.hold} kept of these inputs for `segment`, and forgets it. */
  encryptHeld(card: Sha256, segment: number, group: InputGroup, controls?: Controls): Promise<EncryptedInput>;
  /**
   * Decrypts the answer of the last segment and computes the card's last layers. The key of a picture decrypts once, and is
   * forgotten before this returns or throws: whoever could make the picture tell of the key learns what the picture says.
   * @param frames frames of ciphertexts that together hold every output once
   * @param inputs how many inputs were encrypted, or which ones of a run: the last layers may need what it keeps of them
   * @param expected what the result is held against, where the model is known
   * @throws SealedError `malformed-frame`; `wrong-answer` for a result further than the bound from what is expected, for a
   *   ciphertext that is not encrypted or is the request's, and for a picture whose values are no colours
   */
  decrypt(
    card: Sha256,
    frames: readonly Uint8Array[],
    inputs: number | InputGroup,
    expected?: Expected,
    controls?: Controls,
  ): Promise<DecryptedResult>;
  /**
   * Draws the client's part of the seed of the next secret key, and says what it is bound to (SHA-256). Everything that is
   * made under that key follows from this part and the page's.
   */
  commit(): Promise<Sha256>;
  /** Mixes in 32 random bytes of the page, which a client cannot have known when it committed itself. */
  mix(page: Uint8Array): Promise<void>;
  /**
   * Opens a run: forgets its key, so that nothing is decrypted under it any more, and gives out the client's part of its seed.
   * Whoever has it can make anew every byte that was sent, and read it.
   * @throws SealedError `wrong-state` where there is no key, or none that was committed to
   */
  reveal(): Promise<Uint8Array<ArrayBuffer>>;
  /** Forgets the secret key and what was held. What parameters alone ask for stays loaded. */
  forget(): Promise<void>;
  /** Forgets everything but the cards. */
  close(): Promise<void>;
}

// A run that was opened: the seed of everything its client has sent, and hashes of what it sent, noted outside the client.
import type { Sha256 } from './card.ts';
import type { Expected, InputGroup } from './client.ts';

/** A call by which a client made keys. */
export interface PreparedCall {
  /** The encoded card that the keys are for. */
  readonly card: Uint8Array;
  readonly most: number;
  /** SHA-256 of the frame that was sent; undefined where there was nothing to send. */
  readonly frame: Sha256 | undefined;
}

/** A request as it was sent. */
export interface SentRequest {
  readonly segment: number;
  readonly group: Omit<InputGroup, 'runId'>;
  /** SHA-256 of its frames, in order. */
  readonly frames: readonly Sha256[];
  /** What came back, where a later request depends on it. */
  readonly answer: readonly Uint8Array[];
}

/**
 * An opened run. Whoever has it can make anew all that was sent, and so read it: it is for who may know the input. Its key has
 * decrypted nothing and decrypts nothing any more.
 */
export interface OpenedRun {
  /** What the client bound itself to before the first byte crossed, and the page's part of the seed, drawn after that. */
  readonly commitment: Sha256;
  readonly page: Uint8Array;
  /** The client's part, given out after the last byte had crossed. */
  readonly own: Uint8Array;
  /** The card of the run, encoded. */
  readonly card: Uint8Array;
  readonly prepared: readonly PreparedCall[];
  readonly requests: readonly SentRequest[];
  /** The run's inputs, each in C order. */
  readonly inputs: readonly Float32Array[];
  /** What the answer to each request was held against in the middle of a network. */
  readonly held: readonly (Expected | undefined)[];
}

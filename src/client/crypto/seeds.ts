// Seeds. The system's and the public ones have one length and must never be taken for each other: a ciphertext's
// secret noise follows from the first kind, its public half from the second.
import { blake2b } from '@noble/hashes/blake2.js';
import { sha256Hex } from '../../base/sha256.ts';

/** Bytes of every seed. */
export const SEED_BYTES = 64;

/** What one ciphertext, one digit of a key or one secret key is drawn from: used once, and seen by nobody. */
export class SystemSeed {
  #bytes: Uint8Array | undefined;

  /** @param bytes become this seed's own, and are wiped when it is spent */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== SEED_BYTES) throw new TypeError('A seed has 64 bytes.');
    this.#bytes = bytes;
  }

  /** Writes the seed to `target` and forgets it. @throws TypeError the second time */
  spend(target: Uint8Array): void {
    if (!this.#bytes)
      throw new TypeError('This seed has been used: two texts under one would give themselves away.');
    target.set(this.#bytes);
    this.#bytes.fill(0);
    this.#bytes = undefined;
  }
}

/** What a ciphertext's uniform half is expanded from. It may travel. */
export class PublicSeed {
  readonly bytes: Uint8Array<ArrayBuffer>;

  /** @param bytes the first 64 bytes that a system seed's generator yields: the client kernel alone knows them */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
  }
}

/** Where system seeds come from. */
export interface SeedSource {
  /** A seed that has not been given before. */
  next(): SystemSeed;
}

/**
 * All seeds of one run from one: seed i is BLAKE2b-512 (RFC 7693) of i as 8 bytes, keyed with the master seed. Whoever
 * learns some of them learns nothing of the others.
 */
export class MasterSeed implements SeedSource, Disposable {
  readonly #master: Uint8Array;
  #drawn = 0;

  /** @param master 64 bytes of the system's randomness, which become this object's own */
  constructor(master: Uint8Array) {
    if (master.length !== SEED_BYTES) throw new TypeError('A master seed has 64 bytes.');
    this.#master = master;
  }

  next(): SystemSeed {
    const message = new Uint8Array(8);
    new DataView(message.buffer).setBigUint64(0, BigInt(this.#drawn), true);
    this.#drawn += 1;
    return new SystemSeed(blake2b(message, { key: this.#master, dkLen: SEED_BYTES }));
  }

  /** Wipes the master seed: no further seed can be drawn. */
  [Symbol.dispose](): void {
    this.#master.fill(0);
    this.next = () => {
      throw new TypeError('This master seed has been wiped.');
    };
  }
}

/** Bytes that a page mixes into the seed of a run. */
export const PAGE_BYTES = 32;

const text = (label: string, bytes: Uint8Array): Uint8Array =>
  Uint8Array.of(...new TextEncoder().encode(label), ...bytes);

/** What a client says of its part of a run's seed before it hears the page's: it can then open no other. */
export function commitmentTo(own: Uint8Array): string {
  return sha256Hex(text('sealed-qr: own part of a seed: ', own));
}

/**
 * The seed of a run from the client's part, 64 bytes of the system's randomness, and the page's: neither can choose it alone.
 * @throws TypeError for another number of bytes from the page
 */
export function mixedSeed(own: Uint8Array, page: Uint8Array): MasterSeed {
  if (page.length !== PAGE_BYTES) throw new TypeError('A page gives 32 bytes.');
  return new MasterSeed(blake2b(text('sealed-qr: seed of a run: ', page), { key: own, dkLen: SEED_BYTES }));
}

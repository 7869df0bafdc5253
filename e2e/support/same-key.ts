// Makes the client's secret key a second time, in Node, from the same randomness: the honest build need not help.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkParameters, type ParametersLiteral } from '../../src/params/parameters.ts';
import { decodeCiphertexts } from '../../src/protocol/frame.ts';
import { SealContext } from '../../src/seal/context.ts';
import { loadSeal } from '../../src/seal/load.ts';
import { makeRandomnessKnown } from './key-watch.ts';

/** A secret key that the test knows. */
export interface KnownKey extends Disposable {
  /** Residues in SEAL's order: one polynomial in NTT form, prime by prime. */
  readonly residues: Uint32Array;
  /** Decrypts and decodes the first ciphertext of a frame. */
  decrypt(frame: Uint8Array): Float64Array;
}

/**
 * The key that a client role makes first, given {@link makeRandomnessKnown} in its realm. Leaves this process's
 * randomness as it found it.
 */
export async function makeSameKey(literal: ParametersLiteral): Promise<KnownKey> {
  const wasm = resolve(import.meta.dirname, '../../node_modules/node-seal/dist/seal_throws.wasm');
  const seal = await loadSeal(Uint8Array.from(await readFile(wasm)));
  const parameters = checkParameters(literal);
  const honest = Object.getOwnPropertyDescriptor(globalThis.crypto, 'getRandomValues');
  makeRandomnessKnown();
  // The context draws too, to find roots of unity: the order is the client role's.
  const context = new SealContext(seal, parameters);
  const generator = new seal.KeyGenerator(context.handle);
  if (honest) Object.defineProperty(globalThis.crypto, 'getRandomValues', honest);
  else Reflect.deleteProperty(globalThis.crypto, 'getRandomValues');
  const secretKey = generator.secretKey();
  const blob = secretKey.saveToArray(seal.ComprModeType.none) as Uint8Array;
  const words = parameters.primes.length * parameters.polyModulusDegree;
  const tail = blob.slice(blob.byteLength - 8 * words);
  const residues = new Uint32Array(tail.buffer).filter((_, index) => index % 2 === 0);
  const decryptor = new seal.Decryptor(context.handle, secretKey);
  return {
    residues,
    decrypt(frame) {
      using handle = context.load(decodeCiphertexts(frame, parameters)[0].ciphertext);
      using plaintext = new seal.Plaintext();
      decryptor.decrypt(handle, plaintext);
      return context.encoder.decodeFloat64(plaintext) as Float64Array;
    },
    [Symbol.dispose]() {
      for (const handle of [decryptor, secretKey, generator]) handle.delete();
      context[Symbol.dispose]();
    },
  };
}

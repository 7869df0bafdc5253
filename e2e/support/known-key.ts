// A secret key that a test has seen, given to SEAL: what the page sent opens with it, so it is the key.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expanded } from '../../fixtures/client-kernel.ts';
import { checkParameters, type Parameters, type ParametersLiteral } from '../../src/params/parameters.ts';
import { decodeCiphertexts } from '../../src/protocol/frame.ts';
import { packRow } from '../../src/protocol/pack-rows.ts';
import { writePlaintextBlob } from '../../src/seal/blob.ts';
import { SealContext } from '../../src/seal/context.ts';
import { loadSeal } from '../../src/seal/load.ts';
import { residuesOf, type SeenKey } from './secret-watch.ts';

/** A secret key that the test knows. */
export interface KnownKey extends Disposable {
  /** Residues in SEAL's order: one polynomial in NTT form, prime by prime. */
  readonly residues: Uint32Array;
  /** The same times 2^32, and then times 2^64, as they lie in the client's memory. */
  readonly rows: Uint32Array;
  /** All three, at their primes' bits, as a frame would hold it: in words of 32 bits. */
  readonly packed: Uint32Array;
  /** Decrypts and decodes the first ciphertext of a frame. */
  decrypt(frame: Uint8Array): Float64Array;
}

/** SEAL with the key that was seen. */
export async function knownKey(literal: ParametersLiteral, seen: SeenKey): Promise<KnownKey> {
  const wasm = resolve(import.meta.dirname, '../../node_modules/node-seal/dist/seal_throws.wasm');
  const seal = await loadSeal(Uint8Array.from(await readFile(wasm)));
  const parameters = checkParameters(literal);
  const context = new SealContext(seal, parameters);
  const residues = residuesOf(seen);
  const secretKey = new seal.SecretKey();
  // SEAL saves a secret key as it saves a plaintext, over all primes.
  secretKey.loadFromArray(context.handle, writePlaintextBlob(context.keyParmsId, 1, residues));
  const decryptor = new seal.Decryptor(context.handle, secretKey);
  const [once, twice] = [seen.rows, seen.twice].map((rows) => Uint32Array.from(rows.flat()));
  return {
    residues,
    rows: Uint32Array.from([...once, ...twice]),
    packed: Uint32Array.from([residues, once, twice].flatMap((words) => [...packedWords(words, parameters)])),
    decrypt(frame) {
      using handle = context.load(expanded(decodeCiphertexts(frame, parameters)[0].ciphertext, parameters));
      using plaintext = new seal.Plaintext();
      decryptor.decrypt(handle, plaintext);
      return context.encoder.decodeFloat64(plaintext) as Float64Array;
    },
    [Symbol.dispose]() {
      decryptor.delete();
      secretKey.delete();
      context[Symbol.dispose]();
    },
  };
}

/** The key's rows packed as those of a frame, one after the other. */
function packedWords(words: Uint32Array, { polyModulusDegree, coeffModulusBits }: Parameters): Uint32Array {
  const rows = coeffModulusBits.map((bits, i) =>
    packRow(words.subarray(i * polyModulusDegree, (i + 1) * polyModulusDegree), bits),
  );
  return Uint32Array.from(rows.flatMap((row) => [...new Uint32Array(row.buffer)]));
}

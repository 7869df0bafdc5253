// Makes the client's secret key a second time, in Node, from the same randomness: the honest build need not help.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type KnownSecret, knownSecret } from '../../fixtures/key-forms.ts';
import { residuesOf } from '../../fixtures/secret-residues.ts';
import { checkParameters, type Parameters, type ParametersLiteral } from '../../src/params/parameters.ts';
import { decodeCiphertexts } from '../../src/protocol/frame.ts';
import { SealContext } from '../../src/seal/context.ts';
import { loadSeal, type SealModule } from '../../src/seal/load.ts';
import { randomnessFrom } from './known-randomness.ts';

/** SEAL's seed is 64 bytes, which its library asks for in words. */
const SEED_DRAWS = 16;

/** Whether every slot is 0 or 1 and both occur, as in an encrypted code: under another key, all is noise. */
function looksLikeModules(slots: Float64Array): boolean {
  const isModule = (value: number): boolean => Math.abs(value) < 0.01 || Math.abs(value - 1) < 0.01;
  return slots.every(isModule) && slots.some((value) => value > 0.5);
}

/** The slots of the first ciphertext of `frame` under `key`. */
function decrypted(
  seal: SealModule,
  context: SealContext,
  key: InstanceType<SealModule['SecretKey']>,
  frame: Uint8Array,
): Float64Array {
  using decryptor = new seal.Decryptor(context.handle, key);
  using handle = context.load(decodeCiphertexts(frame, context.parameters)[0].ciphertext);
  using plaintext = new seal.Plaintext();
  decryptor.decrypt(handle, plaintext);
  return context.encoder.decodeFloat64(plaintext) as Float64Array;
}

/**
 * The secret key under which `frame` holds an encrypted code, made again from the client's randomness.
 * @param draws where in the known stream each draw of the client's began: one of them was the key's first
 * @returns undefined where none of the keys that could have been made is the one
 */
export async function findKey(
  literal: ParametersLiteral,
  frame: Uint8Array,
  draws: readonly number[],
): Promise<KnownSecret | undefined> {
  const wasm = resolve(import.meta.dirname, '../../node_modules/node-seal/dist/seal_throws.wasm');
  const seal = await loadSeal(Uint8Array.from(await readFile(wasm)));
  const parameters: Parameters = checkParameters(literal);
  using context = new SealContext(seal, parameters);
  // A seed is sixteen draws, and whatever draws another number is done once, ahead of the keys: so the last draws tell where
  // seeds begin, and only where that fails is every draw tried.
  const isLikely = (_: number, at: number): boolean => at % SEED_DRAWS === draws.length % SEED_DRAWS;
  const others = draws.filter((draw, at) => !isLikely(draw, at));
  for (const draw of [...draws.filter(isLikely), ...others]) {
    const restore = randomnessFrom(draw);
    const generator = new seal.KeyGenerator(context.handle);
    restore();
    try {
      using key = generator.secretKey();
      if (looksLikeModules(decrypted(seal, context, key, frame)))
        return knownSecret(residuesOf(seal, key, parameters), parameters);
    } finally {
      generator.delete();
    }
  }
  return undefined;
}

// The shared context: levels by SEAL's own names, values that survive loading, refusals, nothing left behind.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../../fixtures/handle-count.ts';
import { randomCiphertext, SMALL, TINY } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { checkParameters, type Parameters } from '../params/parameters.ts';
import { SealContext } from './context.ts';
import { loadSeal, type SealModule } from './load.ts';

let seal: SealModule;
let handles: HandleWatch;
beforeAll(async () => {
  seal = await loadMeasuredSeal();
  handles = watchHandles();
});
afterEach(() => expect(handles.live()).toEqual([]));
afterAll(() => handles.stop());

describe('SealContext', () => {
  it('names the levels as SEAL does, the key level above them', () => {
    for (const parameters of [
      TINY,
      SMALL,
      checkParameters({ polyModulusDegree: 2048, coeffModulusBits: [20, 20] }),
    ]) {
      using context = new SealContext(seal, parameters);
      using first = context.handle.firstParmsId();
      using last = context.handle.lastParmsId();
      using key = context.handle.keyParmsId();
      expect(context.parmsId(parameters.maxLevel)).toEqual(first.values());
      expect(context.parmsId(0)).toEqual(last.values());
      expect(context.keyParmsId).toEqual(key.values());
      expect(() => context.parmsId(parameters.maxLevel + 1)).toThrow(/level/);
      for (let level = 0; level <= parameters.maxLevel; level += 1) {
        expect(context.withParmsId(level, (id) => id.values() as BigUint64Array)).toEqual(
          context.parmsId(level),
        );
      }
    }
  });

  it('uses the primes the parameters announce', () => {
    using context = new SealContext(seal, SMALL);
    using data = context.handle.keyContextData();
    using literal = data.parms();
    using modulus = literal.coeffModulus();
    expect([...seal.jsArrayFromVecModulus(modulus)]).toEqual(SMALL.primes);
  });

  it('gives back what it loads, and deletes the handle when loading fails', () => {
    using context = new SealContext(seal, SMALL);
    const ciphertext = randomCiphertext(seededRandom(1), SMALL, 1, 3);
    using handle = context.load(ciphertext);
    expect(handle.coeffModulusSize()).toBe(2);
    expect(context.save(handle)).toEqual(ciphertext);
    const words = ciphertext.words.fill(0xffffffff);
    expect(() => context.load({ ...ciphertext, words })).toThrow();
  });

  it('deletes what it made when SEAL refuses the parameters', () => {
    const forged = { ...SMALL, polyModulusDegree: 2048 } as unknown as Parameters;
    expect(() => new SealContext(seal, forged)).toThrow(
      expect.objectContaining({ code: 'insecure-parameters' }),
    );
  });
});

describe('loadSeal', () => {
  it('loads one module a thread, whatever source later calls name', async () => {
    expect(await loadSeal()).toBe(seal);
    expect(await loadSeal(new Uint8Array(4))).toBe(seal);
  });
});

// Parameters: SEAL's primes to the value, the security table, and the automatic choice.
import SEAL from 'node-seal';
import { describe, expect, it } from 'vitest';
import { chooseParameters } from './choose.ts';
import { checkParameters, primesAtLevel } from './parameters.ts';
import { coeffModulusPrimes, isPrime } from './primes.ts';
import { maxLogQP, POLY_MODULUS_DEGREES } from './security.ts';

describe('coeffModulusPrimes', () => {
  it('chooses the primes SEAL chooses', async () => {
    const seal = await SEAL();
    for (const [degree, bits] of [
      [4096, [30, 30, 36]],
      [8192, [30, 30, 28, 28, 28, 28, 30]],
      [16384, [60, 40, 40, 40, 60]],
    ] as const) {
      using modulus = seal.CoeffModulus.Create(degree, Int32Array.from(bits));
      expect(coeffModulusPrimes(degree, bits)).toEqual([...seal.jsArrayFromVecModulus(modulus)]);
    }
  });

  it('says so when there are not enough primes of a size', () => {
    expect(() => coeffModulusPrimes(8192, Array<number>(9).fill(17))).toThrow(/Use more bits/);
  });

  it('tells primes from strong pseudoprimes', () => {
    expect(isPrime(3215031751n)).toBe(false);
    expect(isPrime(1073692673n)).toBe(true);
    expect([0n, 1n, 2n, 3n, 4n].map(isPrime)).toEqual([false, false, true, true, false]);
  });
});

describe('checkParameters', () => {
  it('knows again what it checked last, and forgets what many others have come after', () => {
    const literal = { polyModulusDegree: 8192, coeffModulusBits: [29, 27, 30] };
    const parameters = checkParameters(literal);
    expect(checkParameters(literal)).toBe(parameters);
    for (let first = 20; first < 60; first += 1) {
      for (const second of [20, 21]) {
        checkParameters({ polyModulusDegree: 8192, coeffModulusBits: [first, second, 60] });
      }
    }
    expect(checkParameters(literal)).not.toBe(parameters);
    expect(checkParameters(literal)).toEqual(parameters);
  });

  it('freezes what it accepts and gives levels their primes', () => {
    const parameters = checkParameters({ polyModulusDegree: 8192, coeffModulusBits: [30, 28, 28, 30] });
    expect(Object.isFrozen(parameters)).toBe(true);
    expect(parameters).toMatchObject({ slots: 4096, maxLevel: 2, logQP: 116, securityBits: 128 });
    expect(primesAtLevel(parameters, 0)).toEqual([parameters.primes[0]]);
    expect(() => primesAtLevel(parameters, 3)).toThrow(/0 to 2/);
  });

  it('follows the stricter table: SEAL would allow 218 bits at 8192', () => {
    expect(maxLogQP(8192)).toBe(214);
    const bits = [31, 31, 31, 31, 31, 31, 31];
    expect(() => checkParameters({ polyModulusDegree: 8192, coeffModulusBits: bits })).toThrow(/N = 16384/);
  });

  it.each([
    [{ polyModulusDegree: 5000, coeffModulusBits: [30, 30] }, /one of 1024/],
    [{ polyModulusDegree: 8192, coeffModulusBits: [30] }, /at least two/],
    [{ polyModulusDegree: 8192, coeffModulusBits: [30, 61] }, /2 to 60/],
    [{ polyModulusDegree: 8192, coeffModulusBits: [30, 28] }, /special prime/],
  ])('refuses %j', (literal, message) => {
    expect(() => checkParameters(literal)).toThrow(message);
  });
});

describe('chooseParameters', () => {
  it('takes the smallest degree that is secure and wide enough', () => {
    expect(chooseParameters({ baseBits: 30, rescaleBits: [28] }).polyModulusDegree).toBe(4096);
    const deep = chooseParameters({ baseBits: 30, rescaleBits: [28, 28, 28, 28, 30] });
    expect(deep.polyModulusDegree).toBe(8192);
    expect(deep.coeffModulusBits).toEqual([30, 30, 28, 28, 28, 28, 30]);
    expect(chooseParameters({ baseBits: 30, rescaleBits: [28], minSlots: 5000 }).polyModulusDegree).toBe(
      16384,
    );
  });

  it('refuses what no degree of the table holds', () => {
    expect(() => chooseParameters({ baseBits: 60, rescaleBits: Array<number>(20).fill(40) })).toThrow(
      /refresh/,
    );
    expect(POLY_MODULUS_DEGREES.at(-1)).toBe(32768);
  });
});

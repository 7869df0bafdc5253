// The gate on residues: what is in range passes, each kind of damage does not.
import { describe, expect, it } from 'vitest';
import { randomCiphertext, randomKey, SMALL, TINY } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { checkParameters } from './parameters.ts';
import { checkCiphertext, checkKey, checkResidues, requireWordPrimes } from './residues.ts';

const malformed = expect.objectContaining({ code: 'malformed-frame', stage: 'wire' });
const N = TINY.polyModulusDegree;

describe('checkCiphertext', () => {
  it.each([
    [0, 2],
    [1, 2],
    [1, 3],
  ])('accepts level %i, size %i', (level, size) => {
    expect(() => checkCiphertext(randomCiphertext(seededRandom(1), TINY, level, size), TINY)).not.toThrow();
  });

  it.each([
    ['a size of 1', { size: 1 }],
    ['a size of 4', { size: 4 }],
    ['a negative level', { level: -1 }],
    ['a level beyond the parameters', { level: 2 }],
    ['another level than its residues', { level: 0 }],
    ['scale 0', { scale: 0 }],
    ['a negative scale', { scale: -1 }],
    ['an infinite scale', { scale: Infinity }],
    ['a scale that is no number', { scale: NaN }],
    ['a missing residue', { words: new Uint32Array(2 * 2 * N - 1) }],
  ])('refuses %s', (_, damage) => {
    const sound = randomCiphertext(seededRandom(2), TINY, 1);
    expect(() => checkCiphertext({ ...sound, ...damage }, TINY)).toThrow(malformed);
  });
});

describe('checkResidues', () => {
  it('compares each residue with its own prime, the largest allowed being q − 1', () => {
    const primes = TINY.primes.slice(0, 2);
    for (let at = 0; at < 4 * N; at += N - 1) {
      const words = new Uint32Array(4 * N);
      const prime = Number(primes[Math.floor(at / N) % 2]);
      words[at] = prime - 1;
      expect(() => checkResidues(words, 2, primes, N)).not.toThrow();
      words[at] = prime;
      expect(() => checkResidues(words, 2, primes, N)).toThrow(malformed);
    }
  });
});

describe('checkKey', () => {
  it('accepts a key of the parameters, and no digit more or less', () => {
    const { digits } = randomKey(seededRandom(3), TINY);
    expect(() => checkKey({ digits }, TINY)).not.toThrow();
    expect(() => checkKey({ digits: digits.slice(1) }, TINY)).toThrow(malformed);
    expect(() => checkKey({ digits: [...digits, digits[0]] }, TINY)).toThrow(malformed);
    expect(() => checkKey({ digits }, SMALL)).toThrow(malformed);
  });

  it('refuses a residue of the special prime’s part that is not below it', () => {
    const { digits } = randomKey(seededRandom(4), TINY);
    digits[1][digits[1].length - 1] = Number(TINY.primes[2]);
    expect(() => checkKey({ digits }, TINY)).toThrow(malformed);
  });
});

describe('requireWordPrimes', () => {
  it('takes primes of 32 bits and refuses one of 33', () => {
    const wide = (bits: number): void =>
      requireWordPrimes(checkParameters({ polyModulusDegree: 4096, coeffModulusBits: [30, bits] }));
    expect(() => wide(32)).not.toThrow();
    expect(() => wide(33)).toThrow(/32 bits/);
  });
});

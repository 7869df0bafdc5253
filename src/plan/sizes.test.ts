// Predicted bytes against the frames that are really written, and against what a kernel takes.
import { describe, expect, it } from 'vitest';
import { randomCiphertext, randomKey, TINY } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { encodeFrame, type Frame } from '../protocol/frame.ts';
import { answerWireBytes, inputWireBytes, keyKernelBytes, keyWireBytes } from './sizes.ts';

const random = seededRandom(3);
const seed = (): Uint8Array => Uint8Array.from({ length: 64 }, () => 256 * random());
const bytesOf = (frame: Frame): number => encodeFrame(frame, TINY).byteLength;
// Headers of a frame and of what stands in it.
const HEAD = 64;

describe('sizes', () => {
  it('are those of frames but for their heads', () => {
    const { maxLevel } = TINY;
    const whole = randomCiphertext(random, TINY, maxLevel, 2);
    const answer = bytesOf({ kind: 'ciphertexts', items: [{ index: 0, ciphertext: whole }] });
    expect(answer - answerWireBytes(TINY, maxLevel)).toBeGreaterThan(0);
    expect(answer - answerWireBytes(TINY, maxLevel)).toBeLessThan(HEAD);
    const { level, scale, words } = whole;
    const seeded = { level, scale, words: words.slice(0, words.length / 2), seed: seed() };
    const input = bytesOf({ kind: 'ciphertexts', items: [{ index: 0, ciphertext: seeded }] });
    expect(input - inputWireBytes(TINY, maxLevel)).toBeGreaterThan(0);
    expect(input - inputWireBytes(TINY, maxLevel)).toBeLessThan(HEAD);
    const digits = randomKey(random, TINY).digits.map((digit) => digit.slice(0, digit.length / 2));
    const relinearization = { digits, seeds: digits.map(seed) };
    const key = bytesOf({ kind: 'evaluation-keys', keys: { relinearization, rotations: new Map() } });
    expect(key - keyWireBytes(TINY)).toBeGreaterThan(0);
    expect(key - keyWireBytes(TINY)).toBeLessThan(HEAD);
  });

  it('of a key in a kernel are two polynomials over all its primes and P for each digit', () => {
    const { maxLevel, polyModulusDegree } = TINY;
    expect(keyKernelBytes(TINY)).toBe((maxLevel + 1) * 2 * (maxLevel + 2) * polyModulusDegree * 4);
    expect(keyKernelBytes(TINY, 0)).toBe(2 * 2 * polyModulusDegree * 4);
  });
});

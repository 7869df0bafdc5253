// How many keys go into a frame: by their size, so that the page's thread is never long at one.
import { describe, expect, it } from 'vitest';
import { identityCard } from '../../../fixtures/small-card.ts';
import { checkParameters } from '../../params/parameters.ts';
import { keysPerFrame } from './key-set.ts';

/** A card of degree N with `primes` primes of 30 bits, all of whose levels its one key serves. */
const card = (polyModulusDegree: number, primes: number) => {
  const coeffModulusBits = Array<number>(primes).fill(30);
  return identityCard(checkParameters({ polyModulusDegree, coeffModulusBits }), { relinearize: true });
};

describe('a frame of keys', () => {
  it.each([
    [4096, 3, 4],
    [8192, 7, 4],
    // 9 digits of 10 rows of 61 kB: 5.5 MB, and 13 of 14: 11 MB.
    [16384, 10, 1],
    [16384, 14, 1],
  ])('at N = %i with %i primes holds %i', (degree, primes, count) => {
    expect(keysPerFrame(card(degree, primes))).toBe(count);
  });
});

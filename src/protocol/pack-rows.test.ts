// Packed rows: every width there and back, and the bits where they should be.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packedBytes, packRow, unpackRow } from './pack-rows.ts';

function backAndForth(words: Uint32Array, bits: number): Uint32Array {
  const out = new Uint32Array(words.length + 2);
  unpackRow(packRow(words, bits), bits, out, 1, words.length);
  expect([out[0], out.at(-1)]).toEqual([0, 0]);
  return out.subarray(1, -1);
}

describe('a packed row', () => {
  it.each(Array.from({ length: 31 }, (_, i) => i + 2))('keeps residues of %i bits', (bits) => {
    const most = 2 ** bits - 1;
    const edges = Uint32Array.from({ length: 64 }, (_, i) => [0, most, 1, most - 1][i % 4]);
    expect(backAndForth(edges, bits)).toEqual(edges);
    const word = fc.integer({ min: 0, max: most });
    fc.assert(
      fc.property(fc.array(word, { minLength: 96, maxLength: 96 }), (list) => {
        const words = Uint32Array.from(list);
        expect(packRow(words, bits)).toHaveLength(packedBytes(96, bits));
        expect(backAndForth(words, bits)).toEqual(words);
      }),
      { numRuns: 20 },
    );
  });

  it('has its lowest bits first', () => {
    const words = new Uint32Array(32);
    words.set([0b101, 0b110]);
    const packed = packRow(words, 3);
    expect(packed[0]).toBe(0b110101);
    expect(packed.subarray(1).every((byte) => byte === 0)).toBe(true);
  });
});

// Tests of segments: the shortest there are, by trying all on short texts, and never longer than `qrcode`'s own.
import fc from 'fast-check';
import { create } from 'qrcode';
import { describe, expect, it } from 'vitest';
import {
  type Segment,
  segmentBits,
  segmentCapacity,
  type SegmentMode,
  shortestSegments,
} from './segments.ts';

const MODES: readonly (readonly [SegmentMode, RegExp])[] = [
  ['numeric', /^[0-9]*$/],
  ['alphanumeric', /^[0-9A-Z $%*+\-./:]*$/],
  ['byte', /^[^]*$/],
];

/** The fewest bits of all ways to cut `text` into segments. */
function leastBits(text: string, version: number): number {
  if (text === '') return 0;
  let least = Infinity;
  for (let length = 1; length <= text.length; length++) {
    const data = text.slice(0, length);
    const rest = leastBits(text.slice(length), version);
    for (const [mode, characters] of MODES) {
      if (characters.test(data)) least = Math.min(least, segmentBits([{ mode, data }], version) + rest);
    }
  }
  return least;
}

const ascii = (maxLength: number) =>
  fc
    .array(fc.tuple(fc.constantFrom('7', '42', 'A', 'Z:', 'a', '~', ' '), fc.integer({ min: 1, max: 9 })), {
      minLength: 1,
    })
    .map((runs) =>
      runs
        .map(([piece, count]) => piece.repeat(count))
        .join('')
        .slice(0, maxLength),
    );

const version = fc.constantFrom(1, 9, 10, 26, 27, 40);
const joined = (segments: readonly Segment[]): string => segments.map(({ data }) => data).join('');

describe('shortestSegments', () => {
  it('needs the fewest bits that any segments need', () => {
    fc.assert(
      fc.property(ascii(11), version, (text, v) => {
        const segments = shortestSegments(text, v);
        expect(joined(segments)).toBe(text);
        for (const { mode, data } of segments) expect(data).toMatch(new Map(MODES).get(mode)!);
        expect(segmentBits(segments, v)).toBe(leastBits(text, v));
      }),
      { numRuns: 150 },
    );
  });

  it('needs at most the bits of those that `qrcode` chooses', () => {
    fc.assert(
      // Short enough for version 9 in any mix.
      fc.property(ascii(150), fc.constantFrom(9, 10, 26, 27, 40), (text, v) => {
        const segments = shortestSegments(text, v);
        expect(joined(segments)).toBe(text);
        const built = create(text, { version: v, errorCorrectionLevel: 'L', maskPattern: 0 }).segments;
        const theirs = built.map(({ mode, data }) => ({
          mode: (mode as unknown as { id: string }).id.toLowerCase() as SegmentMode,
          // Bytes are counted, not read.
          data: 'x'.repeat(data.length),
        }));
        expect(segmentBits(segments, v)).toBeLessThanOrEqual(segmentBits(theirs, v));
      }),
    );
  });

  it('is nothing for nothing', () => {
    expect(shortestSegments('', 1)).toEqual([]);
  });
});

describe('segmentCapacity', () => {
  it('is where a segment just fits', () => {
    for (const v of [1, 9, 10, 26, 27, 40]) {
      for (let bits = 0; bits < 200; bits++) {
        for (const [mode] of MODES) {
          const room = segmentCapacity(mode, bits, v);
          const size = (length: number): number => segmentBits([{ mode, data: '7'.repeat(length) }], v);
          if (room > 0) expect(size(room)).toBeLessThanOrEqual(bits);
          expect(size(room + 1)).toBeGreaterThan(bits);
        }
      }
    }
  });
});

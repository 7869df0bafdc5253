// Segments of a QR code: which modes hold a text in the fewest bits (ISO/IEC 18004:2015, 7.4 and annex J).

/** How a run of characters is written: three digits in 10 bits, two characters of 45 in 11, or bytes. */
export type SegmentMode = 'numeric' | 'alphanumeric' | 'byte';

/** A run of ASCII characters in one mode. */
export interface Segment {
  readonly mode: SegmentMode;
  readonly data: string;
}

const MODES: readonly SegmentMode[] = ['numeric', 'alphanumeric', 'byte'];

const CHARACTERS: Readonly<Record<SegmentMode, RegExp>> = {
  numeric: /^[0-9]$/,
  alphanumeric: /^[0-9A-Z $%*+\-./:]$/,
  byte: /^[^]$/,
};

/** A character's share of bits, in sixths of a bit: 10/3, 11/2 and 8. */
const SIXTHS: Readonly<Record<SegmentMode, number>> = { numeric: 20, alphanumeric: 33, byte: 48 };

/** {@link SIXTHS} by mode and character code; Infinity where the mode lacks the character. */
const COSTS: readonly Float64Array[] = MODES.map((mode) =>
  Float64Array.from({ length: 128 }, (_, code) =>
    CHARACTERS[mode].test(String.fromCharCode(code)) ? SIXTHS[mode] : Infinity,
  ),
);

/** Bits of the character count in versions 1–9, 10–26 and 27–40 (table 3). */
const COUNT_BITS: Readonly<Record<SegmentMode, readonly [number, number, number]>> = {
  numeric: [10, 12, 14],
  alphanumeric: [9, 11, 13],
  byte: [8, 16, 16],
};

/** The last version of each range of {@link COUNT_BITS}. */
export const LAST_OF_RANGE: readonly number[] = [9, 26, 40];

/** Bits before the characters of a segment: mode indicator (4) and character count. */
export function headerBits(mode: SegmentMode, version: number): number {
  return 4 + COUNT_BITS[mode][LAST_OF_RANGE.findIndex((last) => version <= last)];
}

/** Bits of `segments` in a code of `version`, headers included. */
export function segmentBits(segments: readonly Segment[], version: number): number {
  const bits = ({ mode, data }: Segment): number => Math.ceil((data.length * SIXTHS[mode]) / 6);
  return segments.reduce((sum, segment) => sum + headerBits(segment.mode, version) + bits(segment), 0);
}

/** Characters of `mode` that one segment holds in `bits` with its header; a byte is a character. */
export function segmentCapacity(mode: SegmentMode, bits: number, version: number): number {
  // Whole bits for a rest of digits or letters: 4 and 7 for one and two digits, 6 for one letter.
  return Math.max(0, Math.floor(((bits - headerBits(mode, version)) * 6) / SIXTHS[mode]));
}

/**
 * The segments that hold `text`, which is ASCII, in the fewest bits in a code of `version` (1..40): exact, by dynamic
 * programming over characters and modes.
 */
export function shortestSegments(text: string, version: number): Segment[] {
  /** `from[3·i + m]`: the mode of character i − 1 where character i is best written in mode m. */
  const from = new Uint8Array(MODES.length * text.length);
  const headers = MODES.map((mode) => 6 * headerBits(mode, version));
  // In sixths of a bit up to the character before, by the mode that it is written in.
  let costs = [...headers];
  let next = [0, 0, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    for (let m = 0; m < MODES.length; m++) {
      let best = m;
      let cost = costs[m];
      for (let other = 0; i > 0 && other < MODES.length; other++) {
        // A segment that ends is rounded up to whole bits.
        const changed = 6 * Math.ceil(costs[other] / 6) + headers[m];
        if (other !== m && changed < cost) [best, cost] = [other, changed];
      }
      from[MODES.length * i + m] = best;
      next[m] = cost + COSTS[m][code];
    }
    [costs, next] = [next, costs];
  }
  const whole = costs.map((cost) => Math.ceil(cost / 6));
  return traced(text, from, whole.indexOf(Math.min(...whole)));
}

/** Follows `from` back from the last character, written in mode `m`. */
function traced(text: string, from: Uint8Array, m: number): Segment[] {
  const segments: Segment[] = [];
  for (let end = text.length, i = end - 1; i >= 0; i--) {
    const before = from[MODES.length * i + m];
    if (i > 0 && before === m) continue;
    segments.push({ mode: MODES[m], data: text.slice(i, end) });
    [end, m] = [i, before];
  }
  return segments.reverse();
}

// Figures as people read them, at the edges where the unit changes.
import { describe, expect, it } from 'vitest';
import { formatBytes, formatMs, formatShare } from './figures.ts';

describe('figures', () => {
  it.each([
    [0.4, '< 1 ms'],
    [12.3, '12 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min 0 s'],
    [72_000, '1 min 12 s'],
  ])('%d ms is %s', (ms, text) => expect(formatMs(ms)).toBe(text));

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [99_900_000, '99.9 MB'],
    [123_456_789, '123 MB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0, '0 %'],
    [0.004, '0.4 %'],
    [0.125, '13 %'],
    [1, '100 %'],
  ])('%d is %s', (share, text) => expect(formatShare(share)).toBe(text));
});

// Outputs shown as what they are.
import { describe, expect, it } from 'vitest';
import { isChoice, likelihoodsOf, pictureSize, pixelsOf } from './outcome.ts';

describe('outputs', () => {
  it('of a few numbers are a choice between labels, with probabilities', () => {
    expect(isChoice([10])).toBe(true);
    expect(isChoice([1])).toBe(false);
    expect(isChoice([3, 24, 24])).toBe(false);
    const shares = likelihoodsOf([1, 3, 2]).map(({ share }) => share);
    expect(shares[0] + shares[1] + shares[2]).toBeCloseTo(1);
    expect(shares[1] / shares[2]).toBeCloseTo(Math.E);
  });

  it('that are probabilities already stay as they are, noise and all', () => {
    expect(likelihoodsOf([0.25, 0.75, -0.001])[1].share).toBeCloseTo(0.75);
  });

  it('of large numbers give no infinities', () => {
    expect(likelihoodsOf([1000, 0]).map(({ share }) => share)).toEqual([1, 0]);
  });

  it('of one or three channels are pictures', () => {
    expect(pictureSize([3, 24, 16])).toEqual({ channels: 3, height: 24, width: 16 });
    expect(pictureSize([2, 24, 24])).toBeUndefined();
    expect(pictureSize([1, 4, 4])).toBeUndefined();
    expect(pictureSize([10])).toBeUndefined();
    expect([...pixelsOf([0, 1.2, 0.5, -1], [1, 2, 2])].slice(0, 8)).toEqual([
      0, 0, 0, 255, 255, 255, 255, 255,
    ]);
    expect([...pixelsOf([1, 0, 0.2], [3, 1, 1])]).toEqual([255, 0, 51, 255]);
  });
});

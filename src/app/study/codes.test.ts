// The study's codes: the same under the same seed, of its distribution, and none in two parts.
import { describe, expect, it } from 'vitest';
import { codeInput, SPLIT, studyCode, studyTexts } from './codes.ts';

const all = (count: number): string[] => studyTexts('test', count);

describe('studyTexts', () => {
  it('gives the same texts for a seed, and others for another', () => {
    expect(studyTexts('train', 50, 3)).toEqual(studyTexts('train', 50, 3));
    expect(studyTexts('train', 50, 3)).not.toEqual(studyTexts('train', 50, 4));
  });

  it('begins longer lists as shorter ones, across the end of the split', () => {
    expect(all(900).slice(0, 20)).toEqual(all(20));
    expect(all(900).slice(0, 700)).toEqual(all(700));
  });

  it('has no text twice, and none of the test in training or validation', () => {
    const train = studyTexts('train', SPLIT.train);
    const validation = studyTexts('validation', SPLIT.validation);
    const test = all(1000);
    const every = [...train, ...validation, ...test];
    expect(new Set(every).size).toBe(every.length);
  });

  it('draws letters alone, of lengths 1 to 10 nearly evenly but for the 52 texts of one letter', () => {
    const texts = studyTexts('train', SPLIT.train);
    expect(texts.every((text) => /^[a-zA-Z]{1,10}$/.test(text))).toBe(true);
    const lengths = Map.groupBy(texts, ({ length }) => length);
    expect(lengths.get(1)!.length).toBeLessThanOrEqual(52);
    for (let length = 2; length <= 10; length += 1) {
      expect(Math.abs(lengths.get(length)!.length - SPLIT.train / 9.1)).toBeLessThan(80);
    }
  });

  it('refuses more than the split has', () => {
    expect(() => studyTexts('train', SPLIT.train + 1)).toThrow(/1 to 3200/);
    expect(() => studyTexts('test', 0)).toThrow(/whole number/);
  });
});

it('makes codes of level L and the version asked for, light as 1', () => {
  const { code } = studyCode('abc', 1);
  expect([code.version, code.ecc, code.modules]).toEqual([1, 'L', 21]);
  expect(studyCode('abc', 6).code.modules).toBe(41);
  const input = codeInput(code);
  // The finder's corner is dark, its separator light.
  expect([input[0], input[7]]).toEqual([0, 1]);
});

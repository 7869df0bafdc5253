// Readings, corrections and metrics of the study, each with a case that must come out otherwise.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTestScanners } from '../../../fixtures/scanners.ts';
import { planesOf } from '../../../fixtures/study-planes.ts';
import { luma } from '../../base/luma.ts';
import type { Scanners } from '../../qr/scan.ts';
import { codeInput, studyCode, studyTexts } from './codes.ts';
import { correctAsStudy, correctByLuma } from './corrections.ts';
import { defaultPicture, gradientColour, styledPicture } from './gradients.ts';
import { throughJpeg } from './jpeg.ts';
import { enlarged, meanOf, referenceDifference, shareOf } from './metrics.ts';
import { readPicture } from './readings.ts';
import { CAUSES, causeName, scoreCauses, scoreName, scoreOutput, scoreReaders } from './score.ts';
import { addTallies, figuresOf, tallyOf } from './tally.ts';

const code = studyCode('Sealed', 1);

let scanners: Scanners;
beforeAll(async () => {
  scanners = await loadTestScanners();
});
afterAll(() => {
  scanners.dispose();
});

describe('readings', () => {
  it('wrap what overflows a byte, or clamp it', () => {
    const planes = Float32Array.of(1, 1.004, -0.004, 0.5, 0, 0.9999, 1, 1, 1, 1, 1, 1);
    const red = (reading: 'wrapped' | 'clamped'): number[] => {
      const { data } = readPicture(planes, reading);
      return [data[0], data[3], data[6], data[9]];
    };
    expect(red('wrapped')).toEqual([255, 0, 255, 127]);
    expect(red('clamped')).toEqual([255, 255, 0, 128]);
  });

  it('give the styled picture back from its planes', () => {
    const styled = styledPicture(code.code, 'green_orange');
    expect(readPicture(planesOf(styled), 'clamped')).toEqual(styled);
  });
});

describe('the gradient', () => {
  it('runs from the first colour at the left to the second at the right', () => {
    expect(gradientColour('green_orange', 0, 21)).toEqual([21, 137, 6]);
    expect(gradientColour('purple_violet', 40, 41)).toEqual([138, 43, 226]);
  });
});

describe('corrections', () => {
  const styled = styledPicture(code.code, 'green_orange');
  const grey = styled.data.map((byte) => Math.round(110 + byte / 20));

  it("study: light at least 190, dark below 100 of Rec. 709 grey, by the plain code's modules", () => {
    const faint = { ...styled, data: grey };
    const { data } = correctAsStudy(faint, defaultPicture(code.code));
    for (const [module, dark] of code.code.dark.entries()) {
      const [r, g, b] = data.subarray(3 * module, 3 * module + 3);
      const tone = 0.2126 * r + 0.7152 * g + 0.0722 * b;
      if (dark === 1) expect(tone).toBeLessThan(100);
      else expect(tone).toBeGreaterThanOrEqual(190);
    }
  });

  it('study: leaves alone what is light and dark enough', () => {
    const plain = defaultPicture(code.code);
    expect(correctAsStudy(plain, plain)).toEqual(plain);
  });

  it('study: by its own mask only: with the mask beyond every byte all becomes dark', () => {
    const plain = defaultPicture(code.code);
    const { data } = correctAsStudy(plain, plain, { mask: 256, light: 190, dark: 100 });
    expect(Math.max(...data)).toBeLessThan(110);
  });

  it('study: ends where a threshold cannot be reached', () => {
    const plain = defaultPicture(code.code);
    const { data } = correctAsStudy(plain, plain, { mask: 123, light: 300, dark: -1 });
    expect([Math.min(...data), Math.max(...data)]).toEqual([0, 255]);
  });

  it('luma: within the luma bounds', () => {
    const { data } = correctByLuma({ ...styled, data: grey }, code.code, 'green_orange');
    for (const [module, dark] of code.code.dark.entries()) {
      const tone = luma(data[3 * module], data[3 * module + 1], data[3 * module + 2]);
      if (dark === 1) expect(tone).toBeLessThan(116);
      else expect(tone).toBeGreaterThan(233);
    }
  });
});

describe('JPEG', () => {
  it('moves the bytes of a code a little, and of a white picture hardly', () => {
    const plain = defaultPicture(code.code);
    const moved = referenceDifference(throughJpeg(plain), plain);
    expect(moved).toBeGreaterThan(0.001);
    expect(moved).toBeLessThan(0.1);
    const white = { width: 21, height: 21, data: new Uint8Array(1323).fill(255) };
    expect(referenceDifference(throughJpeg(white), white)).toBeLessThan(0.005);
  });
});

describe('metrics', () => {
  it('differ by the mean of all bytes', () => {
    const black = { width: 1, height: 1, data: Uint8Array.of(0, 0, 0) };
    const grey = { width: 1, height: 1, data: Uint8Array.of(51, 0, 0) };
    expect(referenceDifference(black, grey)).toBeCloseTo(0.2 / 3, 12);
    expect(() => referenceDifference(black, styledPicture(code.code, 'green_orange'))).toThrow(/one size/);
  });

  it('enlarge by nearest neighbours within white', () => {
    const dot = { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) };
    const { width, data } = enlarged(dot, 2, 1);
    expect(width).toBe(6);
    expect([...data.subarray(3 * (2 * 6 + 2), 3 * (2 * 6 + 4))]).toEqual([1, 2, 3, 1, 2, 3]);
    expect([...data.subarray(0, 3)]).toEqual([255, 255, 255]);
  });

  it("have Wilson's interval for shares: 0 and 1 are no certainty", () => {
    // Newcombe 1998 (Statistics in Medicine 17:857), table I, method 3: 81 of 263 and 15 of 148.
    const some = shareOf(81, 263);
    expect([some.low, some.high].map((x) => x.toFixed(4))).toEqual(['0.2553', '0.3662']);
    const few = shareOf(15, 148);
    expect([few.low, few.high].map((x) => x.toFixed(4))).toEqual(['0.0624', '0.1605']);
    expect(shareOf(10, 10).low).toBeLessThan(0.73);
    expect(shareOf(0, 10).high).toBeGreaterThan(0.27);
  });

  it('have the mean and its interval from sums', () => {
    const { value, low, high } = meanOf(6, 14, 3);
    expect(value).toBe(2);
    expect(high - value).toBeCloseTo(1.959964 / Math.sqrt(3), 6);
    expect(value - low).toBeCloseTo(high - value, 12);
  });

  it('add up: two halves are the whole', () => {
    const one = { a: tallyOf('x', 'x', 0.1) };
    const two = { a: tallyOf('y', 'x', 0.3), b: tallyOf(null, 'x', 0.2) };
    const { a, b } = addTallies(one, two);
    expect([a.count, a.readAny, a.readExact, b.count, b.readAny]).toEqual([2, 2, 1, 1, 0]);
    expect(figuresOf(a).difference.value).toBeCloseTo(0.2, 12);
  });
});

describe('scores', () => {
  const options = {
    style: 'green_orange',
    zbar: (raster: Parameters<Scanners['zbar']>[0]) => scanners.zbar(raster),
  } as const;

  it('of the styled picture itself: no difference, and read', async () => {
    const scores = await scoreOutput(planesOf(styledPicture(code.code, 'green_orange')), code, options);
    const { difference, readExact } = scores[scoreName('clamped', 'uncorrected')];
    expect([difference, readExact]).toEqual([0, 1]);
  });

  it('of whites a little beyond 1: unread where bytes wrap, read where they are clamped', async () => {
    const planes = planesOf(styledPicture(code.code, 'green_orange')).map((x) => 1.01 * x);
    const scores = await scoreOutput(planes, code, options);
    expect(scores[scoreName('wrapped', 'uncorrected')].readExact).toBe(0);
    expect(scores[scoreName('clamped', 'uncorrected')].readExact).toBe(1);
  });

  it('have every cause once, and JPEG in half of them', async () => {
    const planes = planesOf(styledPicture(code.code, 'green_orange'));
    const scores = await scoreCauses({ lossless: planes, JPEG: planes }, code, options);
    expect(Object.keys(scores).sort()).toEqual(CAUSES.map(causeName).sort());
    expect(scores[causeName(CAUSES.find(({ pictures }) => pictures === 'lossless')!)].difference).toBe(0);
    expect(scores[causeName(CAUSES.find(({ pictures }) => pictures === 'JPEG')!)].difference).toBeGreaterThan(
      0,
    );
  });

  it('by readers at two sizes: one that reads nothing counts nothing', async () => {
    const blind = (): null => null;
    const planes = Float32Array.from(codeInput(code.code), (x) => x);
    const picture = Float32Array.from({ length: 1323 }, (_, i) => planes[i % 441]);
    const scores = await scoreReaders(picture, code, { zbar: options.zbar, blind }, 'green_orange');
    expect(Object.entries(scores).map(([name, { readExact }]) => [name, readExact])).toEqual([
      ['zbar, 4 px', 1],
      ['blind, 4 px', 0],
      ['zbar, 10 px', 1],
      ['blind, 10 px', 0],
    ]);
  });

  it('read every styled code of a sample', async () => {
    for (const text of studyTexts('validation', 5)) {
      const other = studyCode(text, 1);
      const raster = enlarged(styledPicture(other.code, 'green_orange'), 10, 4);
      expect(await scanners.zbar(raster)).toBe(text);
    }
  });
});

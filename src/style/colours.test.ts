// Tests of the colour check and of the colour fields.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SealedError } from '../base/errors.ts';
import { luma } from '../base/luma.ts';
import { LEAST_CONTRAST, lumaBounds } from '../base/luma-bounds.ts';
import type { Rgb } from '../base/raster.ts';
import { type ColourField, colourMixer, DIRECTIONS, fieldPosition } from './colour-field.ts';
import { checkColours, correctedColours, sameColours, type StyleColours } from './colours.ts';
import { directed, styleById, STYLES } from './styles.ts';

const FIELDS: ColourField[] = [...DIRECTIONS, 'radial', 'wave'];
const channel = fc.integer({ min: 0, max: 255 });
const rgb: fc.Arbitrary<Rgb> = fc.tuple(channel, channel, channel);

const WHITE: Rgb = [255, 255, 255];
const good: StyleColours = { start: [20, 20, 90], end: [120, 0, 60], background: WHITE };

function refusal(colours: StyleColours): SealedError {
  try {
    checkColours(colours, 'horizontal');
  } catch (error) {
    if (error instanceof SealedError) return error;
  }
  throw new Error('The colours were not refused with a SealedError.');
}

describe('checkColours', () => {
  it('accepts the default colours of every style', () => {
    for (const style of STYLES) {
      expect(checkColours(style.defaultColours, style.field)).toBe(style.defaultColours);
    }
  });

  it('accepts the colours of the study, bright as they are: the correction darkens them', () => {
    const study: StyleColours = { start: [0x15, 0x89, 0x06], end: [0xf7, 0x69, 0x09], background: WHITE };
    for (const { field } of STYLES) expect(checkColours(study, field)).toBe(study);
  });

  it('says which colour to change', () => {
    const yellow: Rgb = [255, 255, 0];
    expect(checkColours({ ...good, start: yellow }, 'horizontal').start).toBe(yellow);
    const pale: Rgb = [245, 245, 245];
    expect(refusal({ ...good, start: pale }).message).toContain('darker start');
    expect(refusal({ ...good, end: pale }).message).toContain('darker end');
    const both = refusal({ ...good, start: pale, end: pale });
    expect(both.detail).toEqual({ colour: 'gradient', luma: 245, background: 255 });
    const dark = refusal({ ...good, background: [10, 10, 10] });
    expect(dark.message).toContain('lighter background');
    expect([dark.code, dark.detail]).toEqual([
      'not-scannable',
      { colour: 'background', luma: 43, background: 10 },
    ]);
  });

  it('refuses equal colours, light on dark, and a blend that gets lighter than both of its ends', () => {
    for (const shade of [0, 90, 255]) {
      const grey: Rgb = [shade, shade, shade];
      expect(refusal({ start: grey, end: grey, background: grey }).code).toBe('not-scannable');
    }
    expect(refusal({ start: WHITE, end: WHITE, background: [0, 0, 0] }).code).toBe('not-scannable');
    // Magenta and green meet in a grey that OKLab makes lighter than a mix of their bytes.
    const [start, end]: Rgb[] = [
      [255, 0, 255],
      [0, 170, 0],
    ];
    const between = luma(...colourMixer('radial', start, end)(0.5));
    const ground = Math.ceil(Math.max(luma(...start), luma(...end)) + LEAST_CONTRAST);
    expect(between).toBeGreaterThan(ground - LEAST_CONTRAST);
    const colours: StyleColours = { start, end, background: [ground, ground, ground] };
    expect(() => checkColours(colours, 'radial')).toThrow('blend of start and end');
    expect(checkColours(colours, 'horizontal')).toBe(colours);
  });

  it('refuses channels that are no bytes', () => {
    expect(refusal({ ...good, start: [0, 0, 256] }).code).toBe('out-of-range');
    expect(refusal({ ...good, background: [0, 0.5, 0] }).code).toBe('out-of-range');
    expect(refusal({ ...good, end: [Number.NaN, 0, 0] }).code).toBe('out-of-range');
  });

  it('accepts only what leaves every foreground colour darker than the background', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        rgb,
        rgb,
        rgb,
        fc.constantFrom(...FIELDS),
        fc.nat({ max: 100 }),
        (start, end, background, field, percent) => {
          try {
            checkColours({ start, end, background }, field);
          } catch {
            return;
          }
          accepted += 1;
          const contrast = luma(...background) - luma(...colourMixer(field, start, end)(percent / 100));
          expect(contrast).toBeGreaterThan(LEAST_CONTRAST - 1);
        },
      ),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});

describe('correctedColours', () => {
  it('leaves what scanners read, and moves the rest to the bounds', () => {
    expect(correctedColours(good, 0)).toEqual(good);
    for (const strength of [0, 0.5, 1]) {
      const { start, end, background } = correctedColours(
        { start: [255, 128, 0], end: [200, 200, 200], background: [210, 190, 205] },
        strength,
      );
      const { light, dark } = lumaBounds(strength);
      for (const colour of [start, end]) expect(Math.abs(luma(...colour) - dark)).toBeLessThan(0.6);
      expect(Math.abs(luma(...background) - light)).toBeLessThan(0.6);
    }
  });
});

describe('sameColours', () => {
  it('goes by values', () => {
    expect(sameColours(good, { ...good, start: [...good.start] })).toBe(true);
    for (const name of ['start', 'end', 'background'] as const) {
      expect(sameColours(good, { ...good, [name]: [1, 2, 3] })).toBe(false);
    }
  });
});

describe('colour fields', () => {
  it('stay between the two colours and inside the byte range', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FIELDS), rgb, rgb, fc.nat(99), fc.nat(99), (field, start, end, x, y) => {
        const position = fieldPosition(field, x / 99, y / 99);
        expect(position).toBeGreaterThanOrEqual(0);
        expect(position).toBeLessThanOrEqual(1);
        for (const value of colourMixer(field, start, end)(position)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(255);
        }
      }),
    );
  });

  it('begin at the start colour and finish at the end colour', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FIELDS), rgb, rgb, (field, start, end) => {
        for (const [at, colour] of [[0, start] as const, [1, end] as const]) {
          colourMixer(field, start, end)(at).forEach((value, c) => expect(value).toBeCloseTo(colour[c], 1));
        }
      }),
    );
  });

  // From edge to edge or corner to corner, with the middle of both colours halfway.
  it.each([
    ['horizontal', { from: [0, 1], to: [1, 0], equal: [0.3, 0.05], half: [0.5, 0.1] }],
    ['vertical', { from: [1, 0], to: [0, 1], equal: [0.05, 0.3], half: [0.1, 0.5] }],
    ['diagonal', { from: [0, 0], to: [1, 1], equal: [0.2, 0.4], half: [1, 0] }],
  ] as const)('run straight and %s', (direction, { from, to, equal, half }) => {
    const mix = colourMixer(direction, good.start, good.end);
    const at = ([u, v]: readonly [number, number]): Rgb => mix(fieldPosition(direction, u, v));
    expect(at(from)).toEqual(good.start);
    expect(at(to)).toEqual(good.end);
    expect(at(half)).toEqual([70, 10, 75]);
    expect(at(equal)).toEqual(at(direction === 'diagonal' ? [0.4, 0.2] : [0.3, 0.3]));
  });
});

describe('styles', () => {
  it('are found by name, and an unknown name lists those there are', () => {
    expect(styleById('liquid').name).toBe('Liquid');
    expect(() => styleById('lava')).toThrow('gradient, liquid, dots');
  });

  it('take the directions they have, and no others', () => {
    expect(directed(styleById('gradient'), 'vertical')).toMatchObject({ id: 'gradient', field: 'vertical' });
    expect(() => directed(styleById('liquid'), 'vertical')).toThrow('Liquid have no direction');
    expect(() => directed(styleById('gradient'), 'up' as 'vertical')).toThrow(
      'horizontal, vertical, diagonal',
    );
  });
});

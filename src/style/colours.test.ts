// Tests of the colour check and of the colour fields.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SealedError } from '../base/errors.ts';
import type { Rgb } from '../qr/raster.ts';
import { DIRECTIONS, fieldPosition, mixColours, type ColourField } from './colour-field.ts';
import { checkColours, FOREGROUND_LUMA_MAX, luma, type StyleColours } from './colours.ts';
import { directed, foregroundAt, styleById, STYLES } from './styles.ts';

const FIELDS: ColourField[] = [...DIRECTIONS, 'radial', 'wave'];
const channel = fc.integer({ min: 0, max: 255 });
const rgb: fc.Arbitrary<Rgb> = fc.tuple(channel, channel, channel);

const good: StyleColours = { start: [20, 20, 90], end: [120, 0, 60], background: [255, 255, 255] };

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

  it('says which colour to change', () => {
    expect(refusal({ ...good, start: [255, 255, 0] }).message).toContain('darker start');
    expect(refusal({ ...good, end: [0, 255, 0] }).message).toContain('darker end');
    const dark = refusal({ ...good, background: [100, 100, 100] });
    expect(dark.message).toContain('lighter background');
    expect([dark.code, dark.detail]).toEqual(['not-scannable', { colour: 'background', luma: 100 }]);
  });

  it('refuses channels that are no bytes', () => {
    expect(refusal({ ...good, start: [0, 0, 256] }).code).toBe('out-of-range');
    expect(refusal({ ...good, background: [0, 0.5, 0] }).code).toBe('out-of-range');
    expect(refusal({ ...good, end: [Number.NaN, 0, 0] }).code).toBe('out-of-range');
  });

  it('accepts only what leaves every foreground colour dark enough', () => {
    fc.assert(
      fc.property(
        rgb,
        rgb,
        fc.constantFrom(...FIELDS),
        fc.nat({ max: 100 }),
        (start, end, field, percent) => {
          try {
            checkColours({ ...good, start, end }, field);
          } catch {
            fc.pre(false);
          }
          expect(luma(mixColours(field, start, end, percent / 100))).toBeLessThan(FOREGROUND_LUMA_MAX + 8);
        },
      ),
    );
  });
});

describe('colour fields', () => {
  it('stay between the two colours and inside the byte range', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FIELDS), rgb, rgb, fc.nat(99), fc.nat(99), (field, start, end, x, y) => {
        const position = fieldPosition(field, x, y, 100);
        expect(position).toBeGreaterThanOrEqual(0);
        expect(position).toBeLessThanOrEqual(1);
        for (const value of mixColours(field, start, end, position)) {
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
          mixColours(field, start, end, at).forEach((value, c) => expect(value).toBeCloseTo(colour[c], 1));
        }
      }),
    );
  });

  // From edge to edge or corner to corner, with the middle of both colours halfway.
  it.each([
    ['horizontal', { from: [0, 199], to: [199, 0], equal: [60, 10], half: [99.5, 7] }],
    ['vertical', { from: [199, 0], to: [0, 199], equal: [10, 60], half: [7, 99.5] }],
    ['diagonal', { from: [0, 0], to: [199, 199], equal: [30, 40], half: [199, 0] }],
  ] as const)('run straight and %s', (direction, { from, to, equal, half }) => {
    const style = directed(styleById('gradient'), direction);
    const at = ([x, y]: readonly [number, number]): Rgb => foregroundAt(style, good, x, y, 200);
    expect(at(from)).toEqual(good.start);
    expect(at(to)).toEqual(good.end);
    expect(at(half)).toEqual([70, 10, 75]);
    expect(at(equal)).toEqual(at(direction === 'diagonal' ? [40, 30] : [60, 60]));
  });

  it('run from left to right in Gradient unless asked otherwise', () => {
    const style = styleById('gradient');
    const at = (x: number, y: number): Rgb => foregroundAt(style, good, x, y, 200);
    for (const y of [0, 90, 199]) expect([at(0, y), at(199, y)]).toEqual([good.start, good.end]);
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

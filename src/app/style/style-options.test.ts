// What a service is told of a style: the same for equal requests, nothing of the text; and it compiles once for equal options.
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { inProcessSession } from '../../../fixtures/in-process-session.ts';
import { directed, STYLES, styleById } from '../../style/styles.ts';
import { type Drawing, styleOptions } from './style-options.ts';

const style = styleById('gradient');
const { defaultColours: colours } = style;
const drawing: Drawing = { style, colours, pixelsPerModule: 4, backend: 'simd' };

/** Requests for other pictures than `drawing` at 21 modules. */
const OTHERS: readonly (readonly [string, Drawing, number])[] = [
  ['size', drawing, 25],
  ['colour', { ...drawing, colours: { ...colours, end: [1, 2, 3] } }, 21],
  ['direction', { ...drawing, style: directed(style, 'vertical') }, 21],
  ['resolution', { ...drawing, pixelsPerModule: 8 }, 21],
  ['backend', { ...drawing, backend: 'seal' }, 21],
];

describe('styleOptions', () => {
  it('are equal for equal requests, whatever objects they are made of', () => {
    const again = styleOptions({ ...drawing, style: { ...style }, colours: { ...colours } }, 21);
    expect(again).toEqual(styleOptions(drawing, 21));
    expect(JSON.stringify(again)).toBe(JSON.stringify(styleOptions(drawing, 21)));
  });

  it.each(OTHERS)('are others for another %s', (_, other, modules) => {
    expect(styleOptions(other, modules)).not.toEqual(styleOptions(drawing, 21));
  });

  it('hold what the service must know and nothing else that a request may carry', () => {
    const request = { ...drawing, text: 'a secret', ecc: 'M' };
    expect(styleOptions(request, 21)).toEqual({
      kind: 'style',
      modules: 21,
      pixelsPerModule: 4,
      colours: { start: colours.start, end: colours.end, background: colours.background },
      direction: 'horizontal',
      backend: 'simd',
    });
  });

  it('have the simulation run the kernel’s plan', () => {
    expect(styleOptions({ ...drawing, backend: 'clear' }, 21)).toEqual(styleOptions(drawing, 21));
  });
});

describe('the service', () => {
  const compiled: string[] = [];
  const session = inProcessSession(1, compiled);
  beforeEach(() => compiled.splice(0));
  afterAll(() => session.close());

  it('makes each style a card of the code’s size that ends in a picture', async () => {
    for (const { id, defaultColours } of STYLES) {
      const asked = { ...drawing, style: styleById(id), colours: defaultColours };
      const { card } = await session.card(id, styleOptions(asked, 21));
      expect(card.segments.map(({ input }) => input.layout.shape)).toEqual([[1, 21, 21]]);
      expect(card.result).toEqual({ kind: 'picture', finish: [{ op: 'depthToSpace', block: 4 }] });
    }
    expect(compiled).toEqual(STYLES.map(({ id }) => id));
  });

  it('compiles once for equal options, and gives the same card', async () => {
    const other = { ...drawing, colours: { ...colours, start: [9, 8, 7] } } as const;
    const first = await session.card(style.id, styleOptions(other, 21));
    const again = await session.card(style.id, styleOptions({ ...other, colours: { ...other.colours } }, 21));
    expect(again.hash).toBe(first.hash);
    expect(again.bytes).toEqual(first.bytes);
    expect(compiled).toEqual([style.id]);
  });

  it('compiles anew for each other size, colour, direction, resolution and backend', async () => {
    const hashes = [(await session.card(style.id, styleOptions(drawing, 21))).hash];
    for (const [, other, modules] of OTHERS) {
      hashes.push((await session.card(style.id, styleOptions(other, modules))).hash);
    }
    expect(new Set(hashes).size).toBe(1 + OTHERS.length);
  });
});

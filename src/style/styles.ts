// The list of styles: what each is called, which network draws its shapes, how it is coloured.

import { SealedError } from '../base/errors.ts';
import { emptyRaster, type Raster, type Rgb } from '../base/raster.ts';
import { colourMixer, type Direction, DIRECTIONS, fieldPosition, type ColourField } from './colour-field.ts';
import type { StyleColours } from './colours.ts';
import type { StyleId } from './reference.ts';

/** A style as the page and the command line offer it. */
export interface Style {
  readonly id: StyleId;
  readonly name: string;
  /** One sentence for people. */
  readonly description: string;
  /** The shape network, relative to the site's root (`public/`); its card lies beside it as `<id>.card.json`. */
  readonly model: string;
  readonly field: ColourField;
  /** The directions its gradient may have instead of `field`, see {@link directed}; none where it is not a straight one. */
  readonly directions: readonly Direction[];
  readonly defaultColours: StyleColours;
}

/** All styles, in the order they are offered. */
export const STYLES: readonly Style[] = [
  {
    id: 'gradient',
    name: 'Gradient',
    description: 'Crisp square modules under a gradient of two colours.',
    model: 'models/gradient.onnx',
    field: 'horizontal',
    directions: DIRECTIONS,
    defaultColours: { start: [58, 28, 140], end: [208, 32, 110], background: [255, 250, 247] },
  },
  {
    id: 'liquid',
    name: 'Liquid',
    description: 'Neighbouring modules flow together like drops, lit from the centre.',
    model: 'models/liquid.onnx',
    field: 'radial',
    directions: [],
    defaultColours: { start: [0, 140, 160], end: [40, 30, 140], background: [244, 251, 253] },
  },
  {
    id: 'dots',
    name: 'Dots',
    description: 'Round dots that grow where the code is dense, as in a halftone print.',
    model: 'models/dots.onnx',
    field: 'wave',
    directions: [],
    defaultColours: { start: [214, 76, 0], end: [160, 20, 120], background: [255, 249, 240] },
  },
];

/**
 * The style called `id`.
 *
 * @throws SealedError `invalid-argument` naming the styles there are
 */
export function styleById(id: string): Style {
  const style = STYLES.find((candidate) => candidate.id === id);
  if (style) return style;
  const known = STYLES.map((candidate) => candidate.id).join(', ');
  throw new SealedError('invalid-argument', `There is no style of that name; choose one of: ${known}.`, {
    stage: 'style',
  });
}

/**
 * `style` with its gradient in `direction`.
 *
 * @throws SealedError `invalid-argument` if the style has no such direction
 */
export function directed(style: Style, direction: Direction): Style {
  if (style.directions.includes(direction)) return { ...style, field: direction };
  const known = style.directions.join(', ');
  throw new SealedError(
    'invalid-argument',
    known === ''
      ? `The colours of ${style.name} have no direction; leave it out.`
      : `${style.name} has no direction of that name; choose one of: ${known}.`,
    { stage: 'style' },
  );
}

/** The direction of `style`'s gradient; undefined where it has none. */
export function directionOf({ field, directions }: Style): Direction | undefined {
  return directions.find((direction) => direction === field);
}

/** Whether both styles draw the same in equal colours. */
export function sameStyle(a: Style, b: Style): boolean {
  return a.id === b.id && a.field === b.field;
}

/**
 * Foreground colour of `style` at pixel (x, y) of a picture of `side` by `side` pixels (without the quiet zone):
 * 0 … 255 a channel, not rounded.
 */
export function foregroundAt(style: Style, colours: StyleColours, x: number, y: number, side: number): Rgb {
  return foregroundOf(style, colours, side)(x, y);
}

/** {@link foregroundAt} for all pixels of a picture of `side` by `side` pixels: several times quicker for many. */
export function foregroundOf(
  style: Style,
  colours: StyleColours,
  side: number,
): (x: number, y: number) => Rgb {
  const mix = colourMixer(style.field, colours.start, colours.end);
  return (x, y) => mix(fieldPosition(style.field, x, y, side));
}

/** The foreground colour of every pixel of a picture of `side` by `side` pixels, rounded. */
export function foregroundRaster(style: Style, colours: StyleColours, side: number): Raster {
  const raster = emptyRaster(side, side);
  const colourAt = foregroundOf(style, colours, side);
  for (let y = 0, at = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1, at += 3) {
      const colour = colourAt(x, y);
      for (let c = 0; c < 3; c += 1) raster.data[at + c] = Math.round(colour[c]);
    }
  }
  return raster;
}

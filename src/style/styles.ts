// The list of styles: what each is called, which features its recipe draws with, how it is coloured.

import { SealedError } from '../base/errors.ts';
import { type ColourField, type Direction, DIRECTIONS } from './colour-field.ts';
import { sameColours, type StyleColours } from './colours.ts';
import { edges } from './edges.ts';
import { block } from './gallery/block.ts';
import { crossStitch } from './gallery/cross-stitch.ts';
import { dots } from './gallery/dots.ts';
import { gem } from './gallery/gem.ts';
import { gradient } from './gallery/gradient.ts';
import { impasto } from './gallery/impasto.ts';
import { ink } from './gallery/ink.ts';
import { knit } from './gallery/knit.ts';
import { liquid } from './gallery/liquid.ts';
import { mosaic } from './gallery/mosaic.ts';
import { strokes } from './gallery/strokes.ts';
import { watercolour } from './gallery/watercolour.ts';
import type { PixelsPerModule, Place, Recipe } from './recipe.ts';

/** Names of the styles, in the order they are offered. */
export const STYLE_IDS = [
  'ink',
  'watercolour',
  'impasto',
  'block',
  'mosaic',
  'knit',
  'cross-stitch',
  'gem',
  'strokes',
  'gradient',
  'liquid',
  'dots',
] as const;

/**
 * One of {@link STYLE_IDS}, the edges that the client mixes colours into, a style out of a picture, or one out of a person's
 * own drawing.
 */
export type StyleId = (typeof STYLE_IDS)[number] | 'edges' | 'picture' | 'drawing';

/** A style's whole network for codes of one size, as a file. */
export type NetworkFile = (
  modules: number,
  colours: StyleColours,
  pixelsPerModule: PixelsPerModule,
) => { readonly name: string; readonly bytes: Uint8Array };

/** A style as the page and the command line offer it. */
export interface Style {
  readonly id: StyleId;
  readonly name: string;
  /** One sentence for people. */
  readonly description: string;
  /** Its feature network, relative to the site's root (`public/`). */
  readonly model: string;
  readonly recipe: Recipe;
  /** Where the service draws another style's coverages, packed, and this side mixes its colours in: that style. */
  readonly served?: Style;
  /** Where no service ships it: the network that one is given to draw it with. */
  readonly networkFile?: NetworkFile;
  /** Whether what it draws are packed coverages, no colours. */
  readonly isPacked?: boolean;
  /** Calmer versions of it, tried in turn where a code does not read as drawn; the service draws the same for all. */
  readonly fallbacks?: readonly Style[];
  /** What tells styles of one name apart: which picture, and how it is cut. */
  readonly variant?: string;
  /** Makes ready what takes long for a code of `modules` by `modules`, before its recipe draws one. */
  readonly prepare?: (modules: number) => Promise<void>;
  /** Modules of a picture in full tone beyond the quiet zone; none unless given. */
  readonly frame?: number;
  readonly field: ColourField;
  /** The directions its gradient may have instead of `field`, see {@link directed}; none where it is not a straight one. */
  readonly directions: readonly Direction[];
  readonly defaultColours: StyleColours;
}

/** All styles, in the order they are offered. */
export const STYLES: readonly Style[] = [
  {
    id: 'ink',
    name: 'Ink',
    description: 'Brushed by hand on laid paper, with seals for eyes.',
    model: 'models/features-edge.onnx',
    field: 'diagonal',
    directions: [],
    defaultColours: { start: [20, 22, 31], end: [43, 51, 80], background: [247, 241, 227] },
    recipe: ink,
  },
  {
    id: 'watercolour',
    name: 'Watercolour',
    description: 'Washes of blue and rose that run into each other and dry darker at the edge.',
    model: 'models/features-edge.onnx',
    field: 'diagonal',
    directions: [],
    defaultColours: { start: [35, 88, 166], end: [161, 42, 108], background: [252, 250, 244] },
    recipe: watercolour,
  },
  {
    id: 'impasto',
    name: 'Impasto',
    description: 'Thick strokes of night blue on strokes of straw.',
    model: 'models/features-edge.onnx',
    field: 'diagonal',
    directions: [],
    defaultColours: { start: [18, 48, 107], end: [15, 59, 110], background: [248, 239, 212] },
    recipe: impasto,
  },
  {
    id: 'block',
    name: 'Block',
    description: 'Raised letters with lit tops, two walls and a soft shadow.',
    model: 'models/features-block.onnx',
    field: 'diagonal',
    directions: DIRECTIONS,
    defaultColours: { start: [46, 77, 177], end: [107, 48, 162], background: [246, 245, 251] },
    recipe: block,
  },
  {
    id: 'mosaic',
    name: 'Mosaic',
    description: 'Four hand-cut tesserae a module, set in grout.',
    model: 'models/features-nine.onnx',
    field: 'diagonal',
    directions: [],
    defaultColours: { start: [18, 58, 107], end: [15, 111, 120], background: [246, 236, 214] },
    recipe: mosaic,
  },
  {
    id: 'knit',
    name: 'Knit',
    description: 'Fair isle in two wools, row by interlocking row.',
    model: 'models/features-column.onnx',
    field: 'vertical',
    directions: DIRECTIONS,
    defaultColours: { start: [23, 54, 92], end: [29, 90, 82], background: [248, 241, 228] },
    recipe: knit,
  },
  {
    id: 'cross-stitch',
    name: 'Cross-stitch',
    description: 'Crossed silk threads on woven linen.',
    model: 'models/features-one.onnx',
    field: 'vertical',
    directions: DIRECTIONS,
    defaultColours: { start: [142, 27, 44], end: [29, 63, 110], background: [246, 240, 228] },
    recipe: crossStitch,
  },
  {
    id: 'gem',
    name: 'Gem',
    description: 'Cut stones, four facets each, under one light.',
    model: 'models/features-cross.onnx',
    field: 'diagonal',
    directions: DIRECTIONS,
    defaultColours: { start: [106, 27, 154], end: [11, 111, 138], background: [251, 249, 255] },
    recipe: gem,
  },
  {
    id: 'strokes',
    name: 'Strokes',
    description: 'Round-ended pen strokes, each column in its own shade.',
    model: 'models/features-stroke.onnx',
    field: 'vertical',
    directions: DIRECTIONS,
    defaultColours: { start: [11, 110, 117], end: [18, 50, 94], background: [253, 251, 247] },
    recipe: strokes,
  },
  {
    id: 'gradient',
    name: 'Gradient',
    description: 'Crisp square modules under a gradient of two colours.',
    model: 'models/features-one.onnx',
    field: 'horizontal',
    directions: DIRECTIONS,
    defaultColours: { start: [58, 28, 140], end: [208, 32, 110], background: [255, 250, 247] },
    recipe: gradient,
  },
  {
    id: 'liquid',
    name: 'Liquid',
    description: 'Neighbouring modules flow together like drops, lit from the centre.',
    model: 'models/features-liquid.onnx',
    field: 'radial',
    directions: [],
    defaultColours: { start: [0, 140, 160], end: [40, 30, 140], background: [244, 251, 253] },
    recipe: liquid,
  },
  {
    id: 'dots',
    name: 'Dots',
    description: 'Full round dots that swell in waves, as in a halftone print.',
    model: 'models/features-one.onnx',
    field: 'wave',
    directions: [],
    defaultColours: { start: [180, 60, 0], end: [140, 20, 112], background: [255, 249, 240] },
    recipe: dots,
  },
];

/** What a service draws for every style out of a picture: it is told neither the picture nor a colour. */
export const EDGES: Style = {
  id: 'edges',
  name: 'Edges',
  description: 'Soft edges, for colours that are mixed in later.',
  model: 'models/features-edge.onnx',
  recipe: edges,
  isPacked: true,
  field: 'diagonal',
  directions: [],
  defaultColours: { start: [0, 0, 0], end: [0, 0, 0], background: [255, 255, 255] },
};

/** Every style that a service knows: those offered, and the edges. */
export const SERVED_STYLES: readonly Style[] = [...STYLES, EDGES];

/**
 * The style called `id`.
 *
 * @throws SealedError `invalid-argument` naming the styles there are
 */
export function styleById(id: string): Style {
  const style = SERVED_STYLES.find((candidate) => candidate.id === id);
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
  return a.id === b.id && a.field === b.field && a.variant === b.variant;
}

/** The place of a code of `modules` by `modules` for `style`'s recipe. */
export function placeOf(
  { field, defaultColours }: Style,
  modules: number,
  colours: StyleColours,
  pixelsPerModule: number,
): Place {
  return { modules, colours, field, pixelsPerModule, ownColours: sameColours(colours, defaultColours) };
}

// What a style is made of: coverages that follow the modules, and colours that follow the place.
import type { ColourField } from './colour-field.ts';
import type { StyleColours } from './colours.ts';

/** Modules of the style's own drawing around the code: shadows and brush edges spill that far. */
export const MARGIN = 1;

/** Pixels along one side of a module in the picture: 8, or 4 for large codes, or 16 for large prints of small ones. */
export type PixelsPerModule = 16 | 8 | 4;

/**
 * A coverage that a feature network draws: 0 … 1 at a point of a module, by the module's 3×3 neighbourhood.
 *
 * @param pattern - bit `3·(dy + 1) + dx + 1` is the module at offset (dx, dy), 1 for dark
 * @param x - across the module, 0 … 1
 * @param y - down the module, 0 … 1
 * @param bend - −1 … 1, what the place makes of it: an edge that wanders, a dot that grows
 */
export type Coverage = (pattern: number, x: number, y: number, bend: number) => number;

/** One coverage of a recipe. */
export interface Layer {
  readonly coverage: Coverage;
  /** Degree of the polynomial in the bend that stands for it: 0 where the coverage does not bend. */
  readonly degree: 0 | 1 | 2;
  /** Samples along one side of a pixel: more for hard edges. */
  readonly samples: number;
}

/**
 * How the network's features become coverages: through layers drawn by functions, or each feature as it is, for drawings
 * that depend on single modules and choose among them by the place.
 */
export type Layers =
  | { readonly kind: 'drawn'; readonly layers: readonly Layer[] }
  /** As many coverages as features, each constant over its module: feature k is the module at offset `taps[k]`. */
  | { readonly kind: 'taps'; readonly taps: readonly (readonly [dx: number, dy: number])[] };

/** What a style has at one pixel, RGB in 0 … 1: `light + Σ coverage k · (delta k)`. Written by {@link Scene}. */
export interface Pixel {
  /** The picture without any dark module, eyes included. */
  readonly light: Float64Array;
  /** Three numbers for each coverage. */
  readonly delta: Float64Array;
  bend: number;
}

/** The code that a scene is drawn for. Places are in modules from the code's upper left corner. */
export interface Place {
  readonly modules: number;
  readonly colours: StyleColours;
  /** The way that the foreground runs from the start to the end colour. */
  readonly field: ColourField;
  /** Whether these are the style's own colours, so that its own accents fit them. */
  readonly ownColours: boolean;
  /** Pixels per module, for the width of antialiased edges. */
  readonly pixelsPerModule: number;
}

/** Writes the pixel whose centre is (x, y) into `pixel`; anywhere, beyond the code as well. */
export type Scene = (x: number, y: number, pixel: Pixel) => void;

/** The recipe of a style: all that the service and the client make its tables from, at any size. */
export interface Recipe {
  readonly coverages: Layers;
  readonly scene: (place: Place) => Scene;
}

// A style at one size, in numbers: what the service multiplies by, what the client compares with, what a thumbnail shows.
import { atOnce, type Steps } from '../base/controls.ts';
import { emptyRaster, type Raster } from '../base/raster.ts';
import type { Graph } from '../model/graph.ts';
import { isFinder } from './drawing/eyes.ts';
import {
  coverageCount,
  coverageTargets,
  type CoverageWeights,
  fitCoverages,
  type PatternFeatures,
  patternFeatures,
  PATTERNS,
  pixelCoverage,
} from './features.ts';
import { neighbourhoods } from './neighbourhoods.ts';
import { MARGIN, type Pixel, type Place, type Recipe } from './recipe.ts';

const COLOURS = 3;

/** What is called for each pixel: the module's column and row from the code's corner, the pixel within it, its colours. */
type Visit = (column: number, row: number, px: number, py: number, pixel: Pixel) => void;

/** Modules from `from` up to `to`, in both directions. */
interface Window {
  readonly from: number;
  readonly to: number;
}

/** The code with `around` modules on each side. */
function whole({ modules }: Place, around: number): Window {
  return { from: -around, to: modules + around };
}

/** Visits every pixel of the modules in `window`, in steps of a row of modules. */
function* visitPixels(recipe: Recipe, place: Place, { from, to }: Window, visit: Visit): Steps<void> {
  const { modules, pixelsPerModule: p } = place;
  const scene = recipe.scene(place);
  const coverages = sceneDeltas(recipe);
  const pixel: Pixel = {
    light: new Float64Array(COLOURS),
    delta: new Float64Array(COLOURS * coverages),
    bend: 0,
  };
  for (let row = from; row < to; row += 1) {
    for (let column = from; column < to; column += 1) {
      const isEye = isFinder(column, row, modules);
      for (let py = 0; py < p; py += 1) {
        for (let px = 0; px < p; px += 1) {
          scene(column + (px + 0.5) / p, row + (py + 0.5) / p, pixel);
          if (isEye) pixel.delta.fill(0);
          visit(column, row, px, py, pixel);
        }
      }
    }
    yield;
  }
}

/** How many deltas the scene of `recipe` writes: one for each layer, whatever its degree. */
function sceneDeltas({ coverages }: Recipe): number {
  return coverages.kind === 'taps' ? coverages.taps.length : coverages.layers.length;
}

/** The colours of a style over a code with its margin, channels first. N = modules + 2·margin, p pixels per module. */
export interface ColourTables {
  /** `[3·p², N, N]`, channel `c·p² + py·p + px`. */
  readonly light: Float32Array;
  /** `[3·p²·coverages, N, N]`, channel `(c·p² + py·p + px)·coverages + k`. */
  readonly deltas: Float32Array;
}

/** The tables of `recipe` at `place`. */
export function colourTables(recipe: Recipe, place: Place): ColourTables {
  const { modules, pixelsPerModule: p } = place;
  const side = modules + 2 * MARGIN;
  const positions = side * side;
  const count = coverageCount(recipe.coverages);
  const light = new Float32Array(COLOURS * p * p * positions);
  const deltas = new Float32Array(light.length * count);
  const powers = bendPowers(recipe);
  const visit: Visit = (column, row, px, py, pixel) => {
    const position = (row + MARGIN) * side + column + MARGIN;
    for (let c = 0; c < COLOURS; c += 1) {
      const channel = c * p * p + py * p + px;
      light[channel * positions + position] = pixel.light[c];
      for (let k = 0; k < count; k += 1) {
        const { layer, power } = powers[k];
        deltas[(channel * count + k) * positions + position] =
          pixel.delta[COLOURS * layer + c] * powerOf(pixel.bend, power);
      }
    }
  };
  atOnce(visitPixels(recipe, place, whole(place, MARGIN), visit));
  return { light, deltas };
}

function powerOf(bend: number, power: number): number {
  return power === 0 ? 1 : power === 1 ? bend : bend * bend;
}

/** Which layer each coverage belongs to, and to which power of the bend. */
function bendPowers({ coverages }: Recipe): { layer: number; power: number }[] {
  if (coverages.kind === 'taps') return coverages.taps.map((_, layer) => ({ layer, power: 0 }));
  return coverages.layers.flatMap(({ degree }, layer) =>
    Array.from({ length: degree + 1 }, (_, power) => ({ layer, power })),
  );
}

/** Features to coverages at `pixels` per module, for a recipe whose coverages are drawn; undefined where they are taps. */
export function coverageWeights(network: Graph, recipe: Recipe, pixels: number): CoverageWeights | undefined {
  if (recipe.coverages.kind === 'taps') return undefined;
  const fitted = fits.get(network)?.get(recipe)?.get(pixels);
  if (fitted) return fitted;
  const weights = fitCoverages(featuresOf(network), coverageTargets(recipe.coverages.layers, pixels));
  const ofNetwork = fits.get(network) ?? new WeakMap<Recipe, Map<number, CoverageWeights>>();
  const ofRecipe = ofNetwork.get(recipe) ?? new Map<number, CoverageWeights>();
  fits.set(network, ofNetwork.set(recipe, ofRecipe.set(pixels, weights)));
  return weights;
}

const known = new WeakMap<Graph, PatternFeatures>();

function featuresOf(network: Graph): PatternFeatures {
  let features = known.get(network);
  if (!features) known.set(network, (features = patternFeatures(network)));
  return features;
}

const fits = new WeakMap<Graph, WeakMap<Recipe, Map<number, CoverageWeights>>>();

/** The network's coverages of every neighbourhood: `[512][p²·coverages]`. */
function patternCoverages(network: Graph, recipe: Recipe, pixels: number): Float32Array {
  const { features, data } = featuresOf(network);
  const weights = coverageWeights(network, recipe, pixels);
  if (!weights) {
    const taps = coverageCount(recipe.coverages);
    const row = pixels * pixels * taps;
    return Float32Array.from(
      { length: PATTERNS * row },
      (_, i) => data[Math.floor(i / row) * features + (i % taps)],
    );
  }
  const { outputs } = weights;
  const coverages = new Float32Array(PATTERNS * outputs);
  for (let pattern = 0; pattern < PATTERNS; pattern += 1) {
    for (let o = 0; o < outputs; o += 1) {
      const at = o * (features + 1);
      let sum = weights.data[at + features];
      for (let j = 0; j < features; j += 1) sum += weights.data[at + j] * data[pattern * features + j];
      coverages[pattern * outputs + o] = sum;
    }
  }
  return coverages;
}

/** How a picture's coverages come about: as the network computes them, or as the recipe's functions draw them. */
export type Coverages = { readonly by: 'network'; readonly network: Graph } | { readonly by: 'drawing' };

/** Draws codes of one size, each `[3, side, side]`; `dark` holds modules² values, 1 for dark, finder patterns light. */
export type StylePainter = (dark: ArrayLike<number>) => Float32Array;

/** A {@link StylePainter} in steps of a row of modules. */
export type StylePainterSteps = (dark: ArrayLike<number>) => Steps<Float32Array>;

/**
 * A painter of codes at `place`: in 0 … 1, slightly beyond where the network overshoots, side = (modules + 2·margin)·p.
 * With the network's coverages it draws what the style's graph computes, many times faster. It keeps the colours of every
 * pixel, so that a second code costs little.
 *
 * @param shown - the first so many modules of each row and column alone, with the margin before them: all unless given
 */
export function stylePainter(
  recipe: Recipe,
  place: Place,
  coverages: Coverages,
  shown = place.modules + MARGIN,
): StylePainter {
  const paint = atOnce(painterSteps(recipe, place, coverages, shown));
  return (dark) => atOnce(paint(dark));
}

/** {@link stylePainter} in steps, and one that paints in steps. */
export function* painterSteps(
  recipe: Recipe,
  place: Place,
  coverages: Coverages,
  shown = place.modules + MARGIN,
): Steps<StylePainterSteps> {
  const { modules, pixelsPerModule: p } = place;
  const across = modules + 2 * MARGIN;
  const side = (shown + MARGIN) * p;
  const powers = bendPowers(recipe);
  const count = powers.length;
  const deltas = COLOURS * sceneDeltas(recipe);
  // Light, deltas and bend of each pixel, in the order of the visit: module by module.
  const stride = COLOURS + deltas + 1;
  const pixels = new Float32Array(side * side * stride);
  let visited = 0;
  yield* visitPixels(
    recipe,
    place,
    { from: -MARGIN, to: shown },
    (_column, _row, _px, _py, { light, delta, bend }) => {
      pixels.set(light, visited);
      pixels.set(delta, visited + COLOURS);
      pixels[visited + COLOURS + deltas] = bend;
      visited += stride;
    },
  );
  yield;
  const table = coverages.by === 'network' ? patternCoverages(coverages.network, recipe, p) : undefined;
  const drawn = recipe.coverages.kind === 'drawn' ? recipe.coverages.layers : [];
  const taps = recipe.coverages.kind === 'taps' ? recipe.coverages.taps : [];

  return function* (dark) {
    const patterns = neighbourhoods(widened(dark, modules), across);
    const picture = new Float32Array(COLOURS * side * side);
    let from = 0;
    for (let module = 0; module < (side / p) ** 2; module += 1) {
      const [row, column] = [Math.floor(module / (side / p)), module % (side / p)];
      if (column === 0) yield;
      const pattern = patterns[row * across + column];
      for (let pixel = 0; pixel < p * p; pixel += 1, from += stride) {
        const [px, py] = [pixel % p, Math.floor(pixel / p)];
        const bend = pixels[from + COLOURS + deltas];
        let red = pixels[from];
        let green = pixels[from + 1];
        let blue = pixels[from + 2];
        const add = (layer: number, share: number): void => {
          const at = from + COLOURS * (layer + 1);
          red += share * pixels[at];
          green += share * pixels[at + 1];
          blue += share * pixels[at + 2];
        };
        if (table) {
          const at = (pattern * p * p + pixel) * count;
          for (let k = 0; k < count; k += 1)
            add(powers[k].layer, table[at + k] * powerOf(bend, powers[k].power));
        } else {
          taps.forEach(([dx, dy], k) => add(k, (pattern >> (3 * (dy + 1) + dx + 1)) & 1));
          drawn.forEach((layer, k) => add(k, pixelCoverage(layer, pattern, px, py, p, bend)));
        }
        const at = (row * p + py) * side + column * p + px;
        picture[at] = red;
        picture[side * side + at] = green;
        picture[2 * side * side + at] = blue;
      }
    }
    return picture;
  };
}

/** `dark` with a light margin. */
function widened(dark: ArrayLike<number>, modules: number): Uint8Array {
  const across = modules + 2 * MARGIN;
  const wide = new Uint8Array(across * across);
  for (let row = 0; row < modules; row += 1) {
    for (let column = 0; column < modules; column += 1) {
      wide[(row + MARGIN) * across + column + MARGIN] = dark[row * modules + column];
    }
  }
  return wide;
}

/** What a picture needs besides the network's answer, as 8-bit rasters. */
export interface StyleGround {
  /** The style without any dark data module, eyes included, over the code and `around` modules on each side. */
  readonly light: Raster;
  /** Its darkest colour at each pixel, as large. */
  readonly dark: Raster;
}

/** The ground of `recipe` at `place`, with `around` modules on each side. */
export function styleGround(recipe: Recipe, place: Place, around: number): StyleGround {
  return atOnce(groundSteps(recipe, place, around));
}

/** {@link styleGround} in steps of a row of modules. */
export function* groundSteps(recipe: Recipe, place: Place, around: number): Steps<StyleGround> {
  const side = (place.modules + 2 * around) * place.pixelsPerModule;
  const light = emptyRaster(side, side);
  const dark = emptyRaster(side, side);
  const isTaps = recipe.coverages.kind === 'taps';
  const { pixelsPerModule: p } = place;
  yield* visitPixels(recipe, place, whole(place, around), (column, row, px, py, pixel) => {
    const at = 3 * (((row + around) * p + py) * side + (column + around) * p + px);
    for (let c = 0; c < COLOURS; c += 1) {
      light.data[at + c] = toByte(pixel.light[c]);
      let sum = pixel.light[c] + pixel.delta[c];
      if (isTaps)
        for (let k = 1; k < pixel.delta.length / COLOURS; k += 1) sum += pixel.delta[COLOURS * k + c];
      dark.data[at + c] = toByte(sum);
    }
  });
  return { light, dark };
}

function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 1 ? 255 : Math.round(255 * value);
}

// A printed board of all neighbourhoods: whatever a program makes of its picture becomes a style.
import { SealedError } from '../base/errors.ts';
import { emptyRaster, type Raster } from '../base/raster.ts';
import { seededRandom } from '../base/seeded-random.ts';
import { eyePart, isFinder, nearEye, type EyePlace } from './drawing/eyes.ts';
import { PATTERNS } from './features.ts';
import { neighbourhoods } from './neighbourhoods.ts';
import type { Layer, Recipe } from './recipe.ts';

/** Modules along one side of the board: as a code of version 19, eyes in three corners. */
export const BOARD_MODULES = 93;

/** Light modules around it. */
const BOARD_QUIET = 4;

/** Modules from an eye's centre that are the eye's: the pattern, and most of the light ring round it. */
const EYE_REACH = 4.4;

/** Luma between the lightest and the darkest of a board that is too little for a code. */
const LEAST_RANGE = 0.3;

const BOARD_SEED = 512;

/** The board's modules, row by row, 1 for dark: random but for the eyes, so that each neighbourhood occurs many times. */
export function boardModules(): Uint8Array {
  const random = seededRandom(BOARD_SEED);
  return Uint8Array.from({ length: BOARD_MODULES ** 2 }, (_, i) => {
    const [column, row] = [i % BOARD_MODULES, Math.floor(i / BOARD_MODULES)];
    const bit = Number(random() < 0.5);
    // The ring of light round a finder pattern too, as in a code.
    if (isFinder(column, row, BOARD_MODULES)) return Number(eyePart(column, row, BOARD_MODULES) > 0);
    return isBesideFinder(column, row) ? 0 : bit;
  });
}

function isBesideFinder(column: number, row: number): boolean {
  const near = [-1, 0, 1];
  return near.some((dy) => near.some((dx) => isFinder(column + dx, row + dy, BOARD_MODULES)));
}

/** The board in black on white, quiet zone included. */
export function drawBoard(pixelsPerModule: number): Raster {
  const dark = boardModules();
  const side = (BOARD_MODULES + 2 * BOARD_QUIET) * pixelsPerModule;
  const raster = emptyRaster(side, side);
  const moduleOf = (pixel: number): number => Math.floor(pixel / pixelsPerModule) - BOARD_QUIET;
  for (let i = 0; i < side * side; i += 1) {
    const [column, row] = [moduleOf(i % side), moduleOf(Math.floor(i / side))];
    const isInside = Math.min(column, row) >= 0 && Math.max(column, row) < BOARD_MODULES;
    raster.data.fill(isInside && dark[row * BOARD_MODULES + column] === 1 ? 0 : 255, 3 * i, 3 * i + 3);
  }
  return raster;
}

/** A style out of a board, and how much of the drawing a style cannot follow. */
export interface BoardFit {
  readonly recipe: Recipe;
  /** Root mean square, 0 to 1, of what the drawing has besides what neighbourhoods explain: paper, grain, gradients. */
  readonly unexplained: number;
}

/**
 * The recipe of `drawn`, a board as a program has painted it over: each neighbourhood looks as it does on the board in the
 * mean, and eyes are those of the board. What depends on the place alone, such as a grain, comes out even.
 *
 * @throws SealedError `invalid-argument` unless it has the board's size at a whole number of pixels a module, 4 or more
 */
export function boardRecipe(drawn: Raster): BoardFit {
  const across = BOARD_MODULES + 2 * BOARD_QUIET;
  const p = drawn.width / across;
  if (!Number.isInteger(p) || p < 4 || drawn.width !== drawn.height) {
    const sizes = `${4 * across}, ${8 * across} or ${16 * across}`;
    const message = `A board keeps its size: ${sizes} pixels square, or another multiple of ${across}; this one has ${drawn.width} × ${drawn.height}.`;
    throw new SealedError('invalid-argument', message, { stage: 'style' });
  }
  const { means, unexplained } = patternMeans(drawn, p);
  checkTones(means, p);
  const pixelsOf = (pattern: number): number => pattern * p * p;
  const light = (px: number, py: number, c: number): number => means[3 * (py * p + px) + c];
  const within = (at: number): number => Math.min(p - 1, Math.max(0, Math.floor(at * p)));
  const layer = (c: number): Layer => ({
    degree: 0,
    samples: 2,
    coverage: (pattern, x, y) => {
      const [px, py] = [within(x), within(y)];
      return means[3 * (pixelsOf(pattern) + py * p + px) + c] - light(px, py, c);
    },
  });
  const recipe: Recipe = {
    coverages: { kind: 'drawn', layers: [layer(0), layer(1), layer(2)] },
    scene: ({ modules }) => {
      const eye: EyePlace = { u: 0, v: 0, index: 0 };
      return (x, y, pixel) => {
        const [px, py] = [within(x - Math.floor(x)), within(y - Math.floor(y))];
        pixel.bend = 0;
        for (let c = 0; c < 3; c += 1) pixel.light[c] = light(px, py, c);
        // Each layer is one colour's.
        for (let k = 0; k < 9; k += 1) pixel.delta[k] = Number(k % 4 === 0);
        if (!nearEye(x, y, modules, EYE_REACH, eye)) return;
        const [left, top] = eyeOnBoard(eye);
        const at = 3 * (Math.floor(top * p) * drawn.width + Math.floor(left * p));
        for (let c = 0; c < 3; c += 1) pixel.light[c] = drawn.data[at + c] / 255;
      };
    },
  };
  return { recipe, unexplained };
}

/** Where an eye's place is on the board, in modules from the corner of its quiet zone. */
function eyeOnBoard({ u, v, index }: EyePlace): readonly [number, number] {
  const far = BOARD_MODULES - 3.5;
  return [(index === 1 ? far : 3.5) + u + BOARD_QUIET, (index === 2 ? far : 3.5) + v + BOARD_QUIET];
}

/** What each neighbourhood looks like in the mean: `[512][p][p][3]`, 0 … 1. */
function patternMeans(
  drawn: Raster,
  p: number,
): { readonly means: Float32Array; readonly unexplained: number } {
  const dark = boardModules();
  const patterns = neighbourhoods(dark, BOARD_MODULES);
  const row = 3 * p * p;
  const sums = new Float64Array(PATTERNS * row);
  const counts = new Uint32Array(PATTERNS);
  const eye: EyePlace = { u: 0, v: 0, index: 0 };
  const visit = (
    see: (pattern: number, pixel: number, value: number) => void,
    begin: (pattern: number) => void,
  ): void => {
    for (let module = 0; module < dark.length; module += 1) {
      const [column, line] = [module % BOARD_MODULES, Math.floor(module / BOARD_MODULES)];
      if (nearEye(column + 0.5, line + 0.5, BOARD_MODULES, 5.5, eye)) continue;
      begin(patterns[module]);
      for (let i = 0; i < row; i += 1) {
        const [px, py] = [Math.floor(i / 3) % p, Math.floor(i / (3 * p))];
        const x = (column + BOARD_QUIET) * p + px;
        const y = (line + BOARD_QUIET) * p + py;
        see(patterns[module], i, drawn.data[3 * (y * drawn.width + x) + (i % 3)] / 255);
      }
    }
  };
  visit(
    (pattern, i, value) => (sums[pattern * row + i] += value),
    (pattern) => (counts[pattern] += 1),
  );
  const means = Float32Array.from(sums, (sum, i) => sum / Math.max(1, counts[Math.floor(i / row)]));
  let [squares, seen] = [0, 0];
  visit(
    (pattern, i, value) => {
      squares += (value - means[pattern * row + i]) ** 2;
      seen += 1;
    },
    () => undefined,
  );
  return { means, unexplained: Math.sqrt(squares / seen) };
}

/** @throws SealedError `not-scannable` where light and dark modules are too near each other, or the wrong way round */
function checkTones(means: Float32Array, p: number): void {
  const tone = (pattern: number): number => {
    let sum = 0;
    for (let i = 0; i < p * p; i += 1) {
      const at = 3 * (pattern * p * p + i);
      sum += 0.299 * means[at] + 0.587 * means[at + 1] + 0.114 * means[at + 2];
    }
    return sum / (p * p);
  };
  if (tone(0) - tone(PATTERNS - 1) >= LEAST_RANGE) return;
  const message = 'On this board dark modules are not darker than light ones by enough for a scanner.';
  throw new SealedError('not-scannable', message, { stage: 'style' });
}

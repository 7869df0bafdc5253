// The reference picture of each style: what the networks are trained towards and measured against.

import { SealedError } from '../base/errors.ts';

/** The styles this build can draw. */
export type StyleId = 'gradient' | 'liquid' | 'dots';

/** Pixels along one side of a module, as the shape networks draw it. */
export const TILE_SIDE = 8;

/** Pixels of one module, and channels of a shape network's output. */
export const TILE_PIXELS = TILE_SIDE * TILE_SIDE;

/** Number of distinct 3×3 neighbourhoods. */
export const PATTERNS = 512;

// Bits of a neighbourhood: bit 3·row + column of the 3×3 block, so 4 is the module itself.
const CENTRE = 4;

/** Samples along one side of a pixel; 256 samples a pixel keep the drawing error below 1/256. */
const SAMPLES = 16;

/**
 * Radius, in modules, of the corners of `liquid`: half a module, so that an isolated module is a disc and a single
 * light module among dark ones a round hole.
 */
const LIQUID_RADIUS = 0.5;

/** Radius, in modules, of a dot without and with all eight dark neighbours. */
const DOT_RADIUS = { alone: 0.35, crowded: 0.5 };

/** Weights of the neighbours of a dot: those that share an edge count twice those that share a corner. */
const DOT_NEIGHBOURS = { edges: [1, 3, 5, 7], edgeWeight: 2, corners: [0, 2, 6, 8], cornerWeight: 1 };

/**
 * Foreground coverage of a code in `style`: 0 where the background shows, 1 where the foreground does, antialiased.
 *
 * @param dark - `modules`² values in row-major order, 1 for a dark module; everything outside is light
 * @returns shape `[64, modules, modules]`; channel `8·py + px` is pixel (px, py) of every module, which is the order
 *   that DepthToSpace (ONNX, mode CRD, block 8) turns into a picture
 * @throws SealedError `invalid-argument` if `dark` does not hold `modules`² values
 */
export function referenceCoverage(style: StyleId, dark: Uint8Array, modules: number): Float32Array {
  const coverage = new Float32Array(TILE_PIXELS * modules * modules);
  const patterns = neighbourhoods(dark, modules);
  for (let module = 0; module < patterns.length; module++) {
    const tile = referenceTile(style, patterns[module]);
    for (let pixel = 0; pixel < TILE_PIXELS; pixel++) {
      coverage[pixel * patterns.length + module] = tile[pixel]!;
    }
  }
  return coverage;
}

/**
 * The 3×3 neighbourhood of every module as a number below 512: bit `3·(dy + 1) + dx + 1` is the module at offset
 * (dx, dy), and modules outside the matrix are light.
 *
 * @throws SealedError `invalid-argument` if `dark` does not hold `modules`² values
 */
export function neighbourhoods(dark: Uint8Array, modules: number): Uint16Array {
  if (!Number.isInteger(modules) || modules < 1 || dark.length !== modules * modules) {
    throw new SealedError(
      'invalid-argument',
      `A matrix of ${modules} by ${modules} modules needs ${modules * modules} values, and ${dark.length} were given.`,
      { stage: 'style' },
    );
  }
  const patterns = new Uint16Array(dark.length);
  for (let y = 0; y < modules; y++) {
    for (let x = 0; x < modules; x++) {
      let pattern = 0;
      for (let bit = 0; bit < 9; bit++) {
        const row = y + Math.floor(bit / 3) - 1;
        const column = x + (bit % 3) - 1;
        const inside = row >= 0 && row < modules && column >= 0 && column < modules;
        if (inside && dark[row * modules + column] === 1) pattern |= 1 << bit;
      }
      patterns[y * modules + x] = pattern;
    }
  }
  return patterns;
}

const tiles = new Map<string, Float32Array>();

/**
 * The 8×8 pixels (row-major, 0 … 1) of a module whose 3×3 neighbourhood is `pattern` (0 … 511, see
 * {@link neighbourhoods}). No style looks further than that, which is why one 3×3 convolution can see all it needs.
 * The result is shared: read it, do not write it.
 */
export function referenceTile(style: StyleId, pattern: number): Float32Array {
  const key = `${style} ${pattern}`;
  let tile = tiles.get(key);
  if (!tile) {
    tile = drawTile(insideTest(style, pattern));
    tiles.set(key, tile);
  }
  return tile;
}

/** Whether the point (x, y) of the module, both 0 … 1, belongs to the foreground. */
type InsideTest = (x: number, y: number) => boolean;

function insideTest(style: StyleId, pattern: number): InsideTest {
  switch (style) {
    case 'gradient': {
      const dark = isDark(pattern, CENTRE);
      return () => dark;
    }
    case 'liquid':
      return liquid(pattern);
    case 'dots':
      return dot(pattern);
  }
}

/**
 * Each corner of a module looks at the three modules it touches. A dark module loses the corner where both edge
 * neighbours are light; a light one is filled where all three are dark, as a liquid fills a wedge. Diagonal pairs
 * stay apart: joined, they would make the light pair between them harder to scan.
 */
function liquid(pattern: number): InsideTest {
  const centreDark = isDark(pattern, CENTRE);
  return (x, y) => {
    const right = x >= 0.5;
    const below = y >= 0.5;
    const horizontal = isDark(pattern, right ? 5 : 3);
    const vertical = isDark(pattern, below ? 7 : 1);
    const diagonal = isDark(pattern, (below ? 6 : 0) + (right ? 2 : 0));
    const flips = centreDark ? !horizontal && !vertical : horizontal && vertical && diagonal;
    if (!flips) return centreDark;
    // Distance from the corner's circle, measured from its centre; only points beyond it change hands.
    const dx = LIQUID_RADIUS - Math.min(x, 1 - x);
    const dy = LIQUID_RADIUS - Math.min(y, 1 - y);
    const beyond = dx > 0 && dy > 0 && dx * dx + dy * dy > LIQUID_RADIUS * LIQUID_RADIUS;
    return beyond ? !centreDark : centreDark;
  };
}

/** A disc whose area grows with the dark neighbours, so that dense parts of the code look heavier, as in a halftone. */
function dot(pattern: number): InsideTest {
  if (!isDark(pattern, CENTRE)) return () => false;
  const { edges, edgeWeight, corners, cornerWeight } = DOT_NEIGHBOURS;
  const count = (bits: number[]): number => bits.filter((bit) => isDark(pattern, bit)).length;
  const crowd = edgeWeight * count(edges) + cornerWeight * count(corners);
  const share = crowd / (edgeWeight * edges.length + cornerWeight * corners.length);
  const { alone, crowded } = DOT_RADIUS;
  const squaredRadius = alone ** 2 + (crowded ** 2 - alone ** 2) * share;
  return (x, y) => (x - 0.5) ** 2 + (y - 0.5) ** 2 <= squaredRadius;
}

function isDark(pattern: number, bit: number): boolean {
  return ((pattern >> bit) & 1) === 1;
}

function drawTile(inside: InsideTest): Float32Array {
  const tile = new Float32Array(TILE_PIXELS);
  const step = 1 / (TILE_SIDE * SAMPLES);
  for (let pixel = 0; pixel < TILE_PIXELS; pixel++) {
    const left = (pixel % TILE_SIDE) / TILE_SIDE;
    const top = Math.floor(pixel / TILE_SIDE) / TILE_SIDE;
    let hits = 0;
    for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
      const x = left + ((sample % SAMPLES) + 0.5) * step;
      const y = top + (Math.floor(sample / SAMPLES) + 0.5) * step;
      if (inside(x, y)) hits++;
    }
    tile[pixel] = hits / (SAMPLES * SAMPLES);
  }
  return tile;
}

// Fields of short bristled brush strokes along a flow: a square that repeats without a seam.
import { fractalNoise, hash } from './noise.ts';
import type { Colour } from './shapes.ts';

/** Side of the painted square, in modules and in pixels of an eighth of a module. */
const PERIOD_MODULES = 40;
const PIXELS = 8;
const SIDE = PERIOD_MODULES * PIXELS;

/** One stroke for so many pixels. */
const PIXELS_PER_STROKE = 14;

/** Pixels from one touch of a stroke to the next. */
const TOUCH = 1.6;

/** What a field is painted with. */
export interface Brushwork {
  readonly palette: readonly Colour[];
  /** How much lighter one edge of a stroke is than the other, 0 … 1: the paint stands up. */
  readonly relief: number;
  readonly seed: number;
}

/** The colour of a painted field at a place in modules. */
export type PaintedField = (x: number, y: number) => Colour;

function wrap(value: number): number {
  return value - SIDE * Math.floor(value / SIDE);
}

/** Noise that repeats after the square: its copies shifted by a period are blended over. */
function seamless(x: number, y: number, scale: number, seed: number, octaves: number): number {
  const [u, v] = [x / SIDE, y / SIDE];
  const at = (dx: number, dy: number): number =>
    fractalNoise((x - dx * SIDE) / scale, (y - dy * SIDE) / scale, seed, octaves);
  const upper = at(0, 0) * (1 - u) + at(1, 0) * u;
  const lower = at(0, 1) * (1 - u) + at(1, 1) * u;
  return upper * (1 - v) + lower * v;
}

/** Directions of the flow on a coarse grid: unit vectors along the level lines of noise. */
function flowField(seed: number): (x: number, y: number) => readonly [number, number] {
  const step = 4;
  const cells = SIDE / step;
  const height = Float64Array.from({ length: cells * cells }, (_, i) =>
    seamless((i % cells) * step, Math.floor(i / cells) * step, 44, seed, 2),
  );
  const at = (column: number, row: number): number =>
    height[((row + cells) % cells) * cells + ((column + cells) % cells)];
  return (x, y) => {
    const [column, row] = [Math.floor(wrap(x) / step), Math.floor(wrap(y) / step)];
    const [across, down] = [
      at(column + 1, row) - at(column - 1, row),
      at(column, row + 1) - at(column, row - 1),
    ];
    const size = Math.sqrt(across * across + down * down) + 1e-9;
    return [down / size, -across / size];
  };
}

/** Paints a field. The same brushwork gives the same field. */
export function paintField({ palette, relief, seed }: Brushwork): PaintedField {
  const data = new Float32Array(3 * SIDE * SIDE);
  for (let i = 0; i < SIDE * SIDE; i += 1) data.set(palette[1 % palette.length], 3 * i);
  const flow = flowField(seed);
  const strokes = Math.floor((SIDE * SIDE) / PIXELS_PER_STROKE);
  for (let k = 0; k < strokes; k += 1) {
    const random = (n: number): number => hash(k, n, seed + 11);
    const [x, y] = [SIDE * random(0), SIDE * random(1)];
    const hue = seamless(x, y, 36, seed + 9, 3) + 0.34 * (random(2) - 0.5);
    const index = Math.floor(Math.min(0.999, Math.max(0, (hue - 0.25) / 0.5)) * palette.length);
    const tint = 0.03 * (random(3) - 0.5);
    const width = (1.2 + 0.9 * random(4)) * (k < strokes / 2 ? 1 : 0.75);
    const steps = Math.round((4 + 7 * random(5)) / TOUCH);
    const raised = random(6) < 0.5 ? -1 : 1;
    for (const way of [1, -1]) {
      let [px, py] = [x, y];
      for (let s = 0; s < steps; s += 1) {
        const [vx, vy] = flow(px, py);
        dab(data, px, py, vx, vy, width, palette[index], tint, relief * raised);
        px += way * TOUCH * vx;
        py += way * TOUCH * vy;
      }
    }
  }
  return (x, y) => {
    const [column, row] = [Math.floor(wrap(x * PIXELS)), Math.floor(wrap(y * PIXELS))];
    const at = 3 * (row * SIDE + column);
    return [data[at], data[at + 1], data[at + 2]];
  };
}

/** One touch of a stroke at (x, y) along (vx, vy): covers what lies within `width` across it. */
function dab(
  data: Float32Array,
  x: number,
  y: number,
  vx: number,
  vy: number,
  width: number,
  colour: Colour,
  tint: number,
  relief: number,
): void {
  const reach = Math.ceil(width + 0.5);
  for (let j = -reach; j <= reach; j += 1) {
    for (let i = -reach; i <= reach; i += 1) {
      const [column, row] = [Math.floor(x) + i, Math.floor(y) + j];
      const [dx, dy] = [column + 0.5 - x, row + 0.5 - y];
      const along = dx * vx + dy * vy;
      if (along < -TOUCH || along > TOUCH) continue;
      const across = dy * vx - dx * vy;
      const cover = Math.min(1, Math.max(0, width - Math.abs(across) + 0.5));
      if (cover === 0) continue;
      const light = 1 + (relief * across) / width;
      const at = 3 * (wrap(row) * SIDE + wrap(column));
      for (let c = 0; c < 3; c += 1) {
        const painted = Math.min(1, Math.max(0, (colour[c] + tint) * light));
        data[at + c] += cover * (painted - data[at + c]);
      }
    }
  }
}

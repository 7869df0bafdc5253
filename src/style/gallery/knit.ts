// Knit: fair isle, two leaning stitches a module, rows that interlock.
import { eyePart } from '../drawing/eyes.ts';
import { paint, paintDelta } from '../drawing/eye-shapes.ts';
import { gradientOf } from '../drawing/gradient.ts';
import { fractalNoise } from '../drawing/noise.ts';
import { clamp01, type Colour, colourOf, hex, shade } from '../drawing/shapes.ts';
import type { Recipe } from '../recipe.ts';

// A stitch leans by .36 rad.
const [LEAN_SIN, LEAN_COS] = [0.3523, 0.9359];

/** A ripple of period 1, 0 … 1, with soft turns. */
function ripple(t: number): number {
  const w = t - Math.floor(t);
  const s = w < 0.5 ? 2 * w : 2 - 2 * w;
  return s * s * (3 - 2 * s);
}

/** What lies on top at a point: the row of its stitch, −1 … 1 from the module's, and its shade. */
interface Stitch {
  row: number;
  shade: number;
}

function findStitch(x: number, y: number, stitch: Stitch): void {
  const u = x - Math.floor(x) - 0.5;
  let highest = -9;
  let along = 0;
  let height = 0;
  for (let row = -1; row <= 1; row += 1) {
    const v = y - Math.floor(y) - 0.5 - row;
    for (const side of [-1, 1]) {
      const lx = u - side * 0.245;
      const length = -lx * side * LEAN_SIN + v * LEAN_COS;
      const width = lx * LEAN_COS + v * side * LEAN_SIN;
      const above = 1 - ((length / 0.62) * (length / 0.62) + (width / 0.262) * (width / 0.262));
      if (above <= highest) continue;
      highest = above;
      stitch.row = row;
      height = clamp01(above);
      along = length + width * 1.6 * side;
    }
  }
  const fibre = 0.1 * (ripple(along * 6.7) - 0.5) + 0.06 * (fractalNoise(x * 6, y * 6, 3, 3) - 0.5);
  stitch.shade = 0.7 + 0.34 * Math.sqrt(height) + fibre;
}

/** The recipe of `knit`. */
export const knit: Recipe = {
  coverages: {
    kind: 'taps',
    taps: [
      [0, -1],
      [0, 0],
      [0, 1],
    ],
  },
  scene: (place) => {
    const { colours, modules, ownColours } = place;
    const wool = colourOf(colours.background);
    const dyed = gradientOf(place);
    const ring = colourOf(colours.start);
    const pupil = ownColours ? hex('#9c2333') : colourOf(colours.end);
    const stitch: Stitch = { row: 0, shade: 1 };
    return (x, y, { light, delta }) => {
      findStitch(x, y, stitch);
      const row = Math.floor(y) + stitch.row;
      // Light wool shows its shadows less: tones must stay together.
      const pale = shade(wool, 0.86 + 0.14 * Math.min(1.2, Math.max(0, (stitch.shade - 0.7) / 0.34)));
      const part = eyePart(Math.floor(x), row, modules);
      const own: Colour = part === 1 ? ring : part === 2 ? pupil : dyed(x, row + 0.5);
      const dark = shade(own, stitch.shade);
      paint(light, part === 0 ? pale : dark);
      delta.fill(0);
      if (part === 0) paintDelta(delta, stitch.row + 1, pale, dark);
    };
  },
};

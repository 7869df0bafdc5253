// Cross-stitch: two crossed threads a module on woven linen.
import { eyePart } from '../drawing/eyes.ts';
import { paint, paintDelta } from '../drawing/eye-shapes.ts';
import { gradientOf } from '../drawing/gradient.ts';
import { hash } from '../drawing/noise.ts';
import { type Colour, colourOf, covered, length, mix, shade, squircle } from '../drawing/shapes.ts';
import type { Recipe } from '../recipe.ts';

/** Half the width of a thread and half its straight length, in modules. */
const [HALF_WIDTH, HALF_LENGTH] = [0.23, 0.47];

/** A tooth of period 1, 0 … 1. */
function tooth(t: number): number {
  const w = t - Math.floor(t);
  const s = w < 0.5 ? 2 * w : 2 - 2 * w;
  return s * s * (3 - 2 * s);
}

/** Coverage and shade of the thread along `along`, `across` from its middle. */
function thread(along: number, across: number, pixel: number): readonly [cover: number, tone: number] {
  const distance = length(Math.max(Math.abs(along) - HALF_LENGTH, 0), across) - HALF_WIDTH;
  const round = Math.max(0, 1 - (across / HALF_WIDTH) * (across / HALF_WIDTH));
  const twist = tooth((along + 0.9 * across) * 5.4) - 0.5;
  return [covered(distance, pixel), 0.66 + 0.38 * round + 0.14 * twist];
}

/** The recipe of `cross-stitch`. */
export const crossStitch: Recipe = {
  coverages: { kind: 'taps', taps: [[0, 0]] },
  scene: (place) => {
    const { colours, modules } = place;
    const linen = colourOf(colours.background);
    const [ring, pupil] = [colourOf(colours.end), colourOf(colours.start)];
    const silk = gradientOf(place);
    const pixel = 1 / place.pixelsPerModule;
    return (x, y, { light, delta }) => {
      const [column, row] = [Math.floor(x), Math.floor(y)];
      const [u, v] = [x - column - 0.5, y - row - 0.5];
      const weave = tooth(x * 4) * tooth(y * 4) + (1 - tooth(x * 4)) * (1 - tooth(y * 4));
      const [toX, toY] = [0.5 - Math.abs(u), 0.5 - Math.abs(v)];
      const hole = Math.max(0, 1 - (toX * toX + toY * toY) / 0.014);
      const cloth = shade(linen, (1 - 0.045 * weave) * (1 - 0.22 * hole * hole));
      const part = eyePart(column, row, modules);
      const own: Colour = part === 1 ? ring : part === 2 ? pupil : silk(column + 0.5, row + 0.5);
      const base = shade(own, 1 + 0.12 * (hash(column, row, 2) - 0.5));
      const [below, belowTone] = thread((u - v) / 1.4142, (u + v) / 1.4142, pixel);
      const [above, aboveTone] = thread((u + v) / 1.4142, (u - v) / 1.4142, pixel);
      // Cloth between threads would be too bright inside dark areas: threads cast it in shade.
      let stitched = mix(cloth, shade(base, 0.9), 0.82 * covered(squircle(u, v) - 0.5, pixel));
      stitched = mix(stitched, shade(base, 0.82 * belowTone), below);
      stitched = mix(stitched, shade(base, aboveTone), above);
      paint(light, part === 0 ? cloth : stitched);
      paintDelta(delta, 0, cloth, stitched);
    };
  },
};

// Gem: cut stones, four facets each, in a setting of diamonds.
import { type EyePlace, nearEye } from '../drawing/eyes.ts';
import { mixInto, paint, paintDelta } from '../drawing/eye-shapes.ts';
import { gradientOf } from '../drawing/gradient.ts';
import { hash } from '../drawing/noise.ts';
import { bitOf, type Colour, colourOf, covered, hex, mix, shade } from '../drawing/shapes.ts';
import type { Coverage, Recipe } from '../recipe.ts';

/** Half the diagonal of a stone: neighbours overlap a little. */
const REACH = 0.6;

const stones: Coverage = (pattern, x, y) => {
  const [u, v] = [x - 0.5, y - 0.5];
  const isIn = (dx: number, dy: number): boolean =>
    bitOf(pattern, dx, dy) === 1 && Math.abs(u - dx) + Math.abs(v - dy) <= REACH;
  return isIn(0, 0) || isIn(1, 0) || isIn(-1, 0) || isIn(0, 1) || isIn(0, -1) ? 1 : 0;
};

/** How a facet catches the light that falls from the upper left. */
function facet(u: number, v: number): number {
  if (v < 0) return u < 0 ? 0.34 : 0.06;
  return u < 0 ? -0.05 : -0.3;
}

function cut(base: Colour, light: number): Colour {
  return shade(base, 1 + 0.75 * light, 0.1 * Math.max(light, 0));
}

/** The recipe of `gem`. */
export const gem: Recipe = {
  coverages: { kind: 'drawn', layers: [{ coverage: stones, degree: 0, samples: 8 }] },
  scene: (place) => {
    const { colours, modules, ownColours } = place;
    const ground = colourOf(colours.background);
    const pixel = 1 / place.pixelsPerModule;
    const ink = gradientOf(place);
    const ring = mix(colourOf(colours.start), hex('#14143c'), 0.25);
    const pupil = ownColours ? hex('#0b7a75') : colourOf(colours.end);
    const eye: EyePlace = { u: 0, v: 0, index: 0 };
    return (x, y, { light, delta }) => {
      paint(light, ground);
      const [column, row] = [Math.floor(x), Math.floor(y)];
      const base = ink(x + 6 * (hash(column, row, 5) - 0.5), y + 6 * (hash(column, row, 6) - 0.5));
      paintDelta(delta, 0, ground, cut(base, facet(x - column - 0.5, y - row - 0.5)));
      if (!nearEye(x, y, modules, 4, eye)) return;
      const { u, v } = eye;
      const [a, b] = [Math.abs(u), Math.abs(v)];
      const square = Math.max(a, b);
      const bevel = a > b ? (u < 0 ? 0.2 : -0.12) : v < 0 ? 0.32 : -0.28;
      mixInto(light, cut(ring, bevel), Math.min(covered(square - 3.5, pixel), covered(2.5 - square, pixel)));
      mixInto(light, cut(pupil, facet(u, v)), covered((a + b - 2.05) / 1.4142, pixel));
    };
  },
};

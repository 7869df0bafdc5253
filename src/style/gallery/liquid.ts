// Liquid: neighbouring modules flow together like drops.
import { eyePainter, paint, paintDelta } from '../drawing/eye-shapes.ts';
import { gradientOf } from '../drawing/gradient.ts';
import { bitOf, colourOf, length, squircle } from '../drawing/shapes.ts';
import type { Coverage, Recipe } from '../recipe.ts';

/** Radius of the corners in modules: an isolated module is a disc, and a single light one a round hole. */
const RADIUS = 0.5;

/**
 * Each corner of a module looks at the three modules it touches. A dark module loses the corner where both edge
 * neighbours are light; a light one is filled where all three are dark, as a liquid fills a wedge. Diagonal pairs
 * stay apart: joined, they would make the light pair between them harder to scan.
 */
const drops: Coverage = (pattern, x, y) => {
  const dx = x >= 0.5 ? 1 : -1;
  const dy = y >= 0.5 ? 1 : -1;
  const dark = bitOf(pattern, 0, 0);
  const beside = bitOf(pattern, dx, 0);
  const above = bitOf(pattern, 0, dy);
  const flips = dark === 1 ? beside + above === 0 : beside + above + bitOf(pattern, dx, dy) === 3;
  if (!flips) return dark;
  const [u, v] = [RADIUS - Math.min(x, 1 - x), RADIUS - Math.min(y, 1 - y)];
  return u * u + v * v > RADIUS * RADIUS ? 1 - dark : dark;
};

/** The recipe of `liquid`. */
export const liquid: Recipe = {
  coverages: { kind: 'drawn', layers: [{ coverage: drops, degree: 0, samples: 8 }] },
  scene: (place) => {
    const ground = colourOf(place.colours.background);
    const ink = gradientOf(place);
    const accent = colourOf(place.colours.end);
    const eyes = eyePainter(
      { ring: squircle, pupil: length, ringColour: ink, pupilColour: () => accent },
      place.modules,
      1 / place.pixelsPerModule,
    );
    return (x, y, { light, delta }) => {
      paint(light, ground);
      paintDelta(delta, 0, ground, ink(x, y));
      eyes(x, y, light);
    };
  },
};

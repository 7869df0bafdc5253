// Dots: full round dots, larger and smaller in waves over the code.
import { eyePainter, paint, paintDelta } from '../drawing/eye-shapes.ts';
import { gradientOf } from '../drawing/gradient.ts';
import { valueNoise } from '../drawing/noise.ts';
import { colourOf, covered, length, squircle } from '../drawing/shapes.ts';
import type { Recipe } from '../recipe.ts';

/** Radii in modules. A smaller dot that stands alone is lost when a camera blurs it. */
const [SMALLEST, LARGEST] = [0.455, 0.5];

/** Modules from one wave to the next, roughly. */
const WAVE = 7;

/** The recipe of `dots`. */
export const dots: Recipe = {
  coverages: { kind: 'taps', taps: [[0, 0]] },
  scene: (place) => {
    const ground = colourOf(place.colours.background);
    const ink = gradientOf(place);
    const accent = colourOf(place.colours.end);
    const pixel = 1 / place.pixelsPerModule;
    const eyes = eyePainter(
      { ring: squircle, pupil: length, ringColour: ink, pupilColour: () => accent },
      place.modules,
      pixel,
    );
    return (x, y, { light, delta }) => {
      const [column, row] = [Math.floor(x), Math.floor(y)];
      const swell = valueNoise((column + row) / WAVE, (column - row) / (2 * WAVE), 5);
      const radius = SMALLEST + (LARGEST - SMALLEST) * swell;
      const dot = covered(length(x - column - 0.5, y - row - 0.5) - radius, pixel);
      paint(light, ground);
      paintDelta(delta, 0, ground, ink(column + 0.5, row + 0.5), dot);
      eyes(x, y, light);
    };
  },
};

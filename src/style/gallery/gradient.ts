// Gradient: crisp squares under a gradient of two colours, with softly cut eyes.
import { eyePainter, paint, paintDelta } from '../drawing/eye-shapes.ts';
import { gradientOf } from '../drawing/gradient.ts';
import { colourOf, shade, softSquare, squircle } from '../drawing/shapes.ts';
import type { Recipe } from '../recipe.ts';

/** The recipe of `gradient`. */
export const gradient: Recipe = {
  coverages: { kind: 'taps', taps: [[0, 0]] },
  scene: (place) => {
    const ground = colourOf(place.colours.background);
    const ink = gradientOf(place);
    const eyes = eyePainter(
      { ring: softSquare, pupil: squircle, ringColour: ink, pupilColour: (x, y) => shade(ink(x, y), 0.92) },
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

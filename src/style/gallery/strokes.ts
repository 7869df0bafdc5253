// Strokes: columns of dark modules as round-ended pen strokes, each column in its own shade.
import { eyePainter, paint, paintDelta } from '../drawing/eye-shapes.ts';
import { gradientOf } from '../drawing/gradient.ts';
import { hash } from '../drawing/noise.ts';
import { bitOf, colourOf, hex, length, mix, squircle } from '../drawing/shapes.ts';
import type { Coverage, Recipe } from '../recipe.ts';

/** Half the width of a stroke, in modules. */
const HALF_WIDTH = 0.445;

const stroke: Coverage = (pattern, x, y) => {
  if (bitOf(pattern, 0, 0) === 0) return 0;
  const [u, v] = [x - 0.5, y - 0.5];
  const goesOn = bitOf(pattern, 0, v >= 0 ? 1 : -1) === 1;
  return (goesOn ? Math.abs(u) : length(u, v)) <= HALF_WIDTH ? 1 : 0;
};

/** The recipe of `strokes`. */
export const strokes: Recipe = {
  coverages: { kind: 'drawn', layers: [{ coverage: stroke, degree: 0, samples: 8 }] },
  scene: (place) => {
    const { colours, modules, ownColours } = place;
    const ground = colourOf(colours.background);
    const ink = gradientOf(place);
    const [start, end] = [colourOf(colours.start), colourOf(colours.end)];
    const accent = ownColours ? hex('#c8431f') : end;
    const third = mix(start, ownColours ? hex('#0e8a4a') : end, 0.6);
    const ringColour = mix(start, end, 0.85);
    const eyes = eyePainter(
      { ring: squircle, pupil: length, ringColour: () => ringColour, pupilColour: () => accent },
      modules,
      1 / place.pixelsPerModule,
    );
    return (x, y, { light, delta }) => {
      const column = Math.floor(x);
      const shift = hash(column, 0, 3);
      const own = ink(x, y + modules * 0.3 * (shift - 0.5));
      paint(light, ground);
      paintDelta(delta, 0, ground, shift > 0.74 ? mix(own, third, 0.7) : own);
      eyes(x, y, light);
    };
  },
};

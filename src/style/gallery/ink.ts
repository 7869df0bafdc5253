// Ink: brushed with a wet and a dry brush on laid paper, with drawn rings and seals for eyes.
import { EDGE_REACH, edgeCoverage } from '../drawing/blurred-edge.ts';
import { type EyePlace, nearEye } from '../drawing/eyes.ts';
import { mixInto, paint, paintDelta } from '../drawing/eye-shapes.ts';
import { fractalNoise } from '../drawing/noise.ts';
import { colourOf, hex, mix, shade, smoothStep, softSquare, squircle } from '../drawing/shapes.ts';
import type { Recipe } from '../recipe.ts';

/** The recipe of `ink`. */
export const ink: Recipe = {
  coverages: { kind: 'drawn', layers: [{ coverage: edgeCoverage(0.07), degree: 2, samples: 2 }] },
  scene: (place) => {
    const { colours, modules, ownColours } = place;
    const sheet = colourOf(colours.background);
    const [wet, thin] = [colourOf(colours.start), colourOf(colours.end)];
    const dry = mix(thin, hex('#7d839b'), 0.3);
    const seal = ownColours ? hex('#b3261e') : thin;
    const eye: EyePlace = { u: 0, v: 0, index: 0 };
    return (x, y, pixel) => {
      const { light, delta } = pixel;
      const wander = 0.34 * (fractalNoise(x * 2.2, y * 2.2, 3, 4) - 0.5);
      const hairs = 0.1 * (fractalNoise(x * 1.1, y * 9, 8, 3) - 0.5);
      pixel.bend = Math.max(-1, Math.min(1, (wander + hairs) / EDGE_REACH));
      const streak =
        smoothStep(0.5, 0.75, fractalNoise(x * 0.9 + 0.4 * fractalNoise(x, y, 4, 2), y * 11, 12, 3)) *
        smoothStep(0.38, 0.7, fractalNoise(x * 0.35, y * 0.35, 90, 2));
      const wash = mix(wet, thin, fractalNoise(x * 0.5, y * 0.5, 77, 3));
      const tone = mix(wash, dry, 0.6 * streak);
      const paper = shade(sheet, 0.965 + 0.05 * fractalNoise(x * 5, y * 1.2, 55, 3));
      paint(light, paper);
      paintDelta(delta, 0, paper, tone);
      if (!nearEye(x, y, modules, 4.4, eye)) return;
      const { u, v, index } = eye;
      const radius = squircle(u, v);
      const wobble = 0.15 * (fractalNoise(x * 1.3, y * 1.3, 100 + index, 3) - 0.5);
      const width = 0.5 + (0.1 * (index === 1 ? u : v)) / Math.max(radius, 1);
      const ring = smoothStep(0.07, -0.07, Math.abs(radius - 3 + wobble) - width);
      // No dry streaks in the eyes: readers measure them line by line.
      mixInto(light, wash, ring);
      const rim = 0.14 * (fractalNoise(x * 1.7, y * 1.7, 130 + index, 3) - 0.5);
      const stamp = smoothStep(0.06, -0.06, softSquare(u, v) - 1.5 + rim);
      const worn = smoothStep(0.6, 0.78, fractalNoise(x * 3, y * 3, 140 + index, 3));
      mixInto(light, mix(seal, shade(seal, 1.06, 0.02), worn), stamp);
    };
  },
};

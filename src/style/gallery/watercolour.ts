// Watercolour: washes of two pigments that run into each other, darker where they dried at the edge.
import { EDGE_REACH, insideEdge } from '../drawing/blurred-edge.ts';
import { type EyePlace, nearEye } from '../drawing/eyes.ts';
import { mixInto, paint, paintDelta } from '../drawing/eye-shapes.ts';
import { fractalNoise } from '../drawing/noise.ts';
import { clamp01, colourOf, hex, length, mix, shade, smoothStep, squircle } from '../drawing/shapes.ts';
import type { Coverage, Recipe } from '../recipe.ts';

const wash: Coverage = (pattern, x, y, bend) => smoothStep(-0.06, 0.1, insideEdge(pattern, x, y, bend));

/** Where pigment gathers, a little inside the edge: 1 at its darkest. */
function rim(inside: number): number {
  const z = (inside - 0.07) / 0.12;
  return z * z >= 1 ? 0 : (1 - z * z) * (1 - z * z);
}

const dried: Coverage = (pattern, x, y, bend) => rim(insideEdge(pattern, x, y, bend));

/** Share of a wash that hides the paper. */
const DENSITY = 0.92;

/** The recipe of `watercolour`. */
export const watercolour: Recipe = {
  coverages: {
    kind: 'drawn',
    layers: [
      { coverage: wash, degree: 2, samples: 2 },
      { coverage: dried, degree: 1, samples: 2 },
    ],
  },
  scene: (place) => {
    const { colours, modules, ownColours } = place;
    const sheet = colourOf(colours.background);
    const [cool, warm] = [colourOf(colours.start), colourOf(colours.end)];
    const between = ownColours ? hex('#4b3c9c') : mix(cool, warm, 0.5);
    const eye: EyePlace = { u: 0, v: 0, index: 0 };
    return (x, y, pixel) => {
      const { light, delta } = pixel;
      const wander = fractalNoise(x * 1.4, y * 1.4, 33, 4) - 0.5;
      pixel.bend = Math.max(-1, Math.min(1, (0.26 * wander) / EDGE_REACH));
      const hue = clamp01((fractalNoise(x * 0.16, y * 0.16, 61, 3) - 0.3) / 0.4);
      const wet = fractalNoise(x * 0.55, y * 0.55, 71, 4);
      const pigment = hue < 0.5 ? mix(cool, between, 2 * hue) : mix(between, warm, 2 * hue - 1);
      const colour = shade(pigment, 0.78 + 0.42 * wet, 0.03);
      const grain = 0.97 + 0.035 * fractalNoise(x * 7, y * 7, 5, 2);
      const paper = mix(shade(sheet, grain), colour, 0.035);
      const painted = mix(paper, colour, DENSITY);
      const edge = shade(mix(paper, painted, 0.85), 0.72);
      paint(light, paper);
      paintDelta(delta, 0, paper, painted);
      paintDelta(delta, 1, mix(paper, painted, 0.85), edge);
      if (!nearEye(x, y, modules, 4.4, eye)) return;
      const wobble = 0.3 * wander;
      const ring = Math.abs(length(eye.u, eye.v) * 0.4 + squircle(eye.u, eye.v) * 0.6 - 3 + wobble);
      // Darker than the washes and all of one depth: readers look for the eyes first.
      const deep = shade(pigment, 0.78 + 0.12 * wet);
      mixInto(light, deep, 0.97 * smoothStep(0.1, -0.06, ring - 0.52));
      mixInto(light, shade(deep, 0.78), 0.8 * rim(0.07 + ring - 0.42) * smoothStep(0.56, 0.48, ring));
      const pupil = squircle(eye.u, eye.v) - 1.5 + wobble;
      const drop = shade(ownColours ? mix(hex('#b5306a'), hex('#8a2a8c'), wet) : warm, 0.85);
      mixInto(light, drop, 0.95 * smoothStep(0.1, -0.06, pupil));
      mixInto(light, shade(drop, 0.72), 0.9 * rim(0.07 - pupil - 0.07) * smoothStep(0.06, -0.02, pupil));
    };
  },
};

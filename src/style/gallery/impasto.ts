// Impasto: thick strokes of dark paint on strokes of light paint, both along a flow.
import { EDGE_REACH, edgeCoverage } from '../drawing/blurred-edge.ts';
import { paintField, type PaintedField } from '../drawing/brushwork.ts';
import { type EyePlace, nearEye } from '../drawing/eyes.ts';
import { mixInto, paint, paintDelta } from '../drawing/eye-shapes.ts';
import { fractalNoise } from '../drawing/noise.ts';
import {
  type Colour,
  colourOf,
  hex,
  mix,
  shade,
  smoothStep,
  softSquare,
  squircle,
} from '../drawing/shapes.ts';
import type { Place, Recipe } from '../recipe.ts';

const OWN_DARK = ['#0b1d51', '#12306b', '#1f4a96', '#0f3b6e', '#2a3a8f', '#17505a', '#0e2a66'].map(hex);
const OWN_LIGHT = ['#f8efd4', '#fbf5e3', '#f3e6b4', '#f6f3ea', '#e6eef3', '#f9ebc4'].map(hex);

function darkPalette({ colours, ownColours }: Place): Colour[] {
  if (ownColours) return OWN_DARK;
  const [a, b] = [colourOf(colours.start), colourOf(colours.end)];
  return [shade(a, 0.8), a, mix(a, b, 0.35), mix(a, b, 0.6), b, shade(b, 0.85), mix(a, b, 0.15)];
}

function lightPalette({ colours, ownColours }: Place): Colour[] {
  if (ownColours) return OWN_LIGHT;
  const ground = colourOf(colours.background);
  return [
    ground,
    shade(ground, 0.985, 0.01),
    shade(ground, 0.95),
    shade(ground, 1.02),
    mix(ground, [1, 1, 1], 0.4),
  ];
}

/** The fields painted last: a thumbnail, a plan and a picture in turn ask for the same. */
const painted = new Map<string, PaintedField>();
const MOST_FIELDS = 6;

function fieldOf(palette: readonly Colour[], relief: number, seed: number): PaintedField {
  const name = JSON.stringify([palette, relief, seed]);
  const known = painted.get(name) ?? paintField({ palette, relief, seed });
  painted.delete(name);
  painted.set(name, known);
  if (painted.size > MOST_FIELDS) painted.delete(painted.keys().next().value!);
  return known;
}

/** The recipe of `impasto`. */
export const impasto: Recipe = {
  coverages: { kind: 'drawn', layers: [{ coverage: edgeCoverage(0.06), degree: 2, samples: 2 }] },
  scene: (place) => {
    const { colours, modules, ownColours } = place;
    const dark = fieldOf(darkPalette(place), 0.2, 2);
    const pale = fieldOf(lightPalette(place), 0.06, 31);
    const accent = ownColours ? hex('#a63c12') : colourOf(colours.end);
    const eye: EyePlace = { u: 0, v: 0, index: 0 };
    return (x, y, pixel) => {
      const { light, delta } = pixel;
      const wander = fractalNoise(x * 1.9, y * 1.9, 13, 3) - 0.5;
      pixel.bend = Math.max(-1, Math.min(1, (0.3 * wander) / EDGE_REACH));
      const ground = pale(x, y);
      const paste = dark(x, y);
      paint(light, ground);
      paintDelta(delta, 0, ground, paste);
      if (!nearEye(x, y, modules, 4.3, eye)) return;
      const wobble = 0.22 * wander;
      const radius = softSquare(eye.u, eye.v);
      mixInto(light, paste, smoothStep(0.09, -0.09, Math.abs(radius - 3 + wobble) - 0.5));
      const warm = mix(shade(paste, 0.5), accent, 0.86);
      mixInto(light, warm, smoothStep(0.09, -0.09, squircle(eye.u, eye.v) - 1.5 + wobble));
    };
  },
};

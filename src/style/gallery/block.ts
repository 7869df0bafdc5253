// Block: letters cut in wood, seen from the upper left, with lit tops, two walls and a soft shadow.
import { type EyePlace, nearEye } from '../drawing/eyes.ts';
import { mixInto, paint, paintDelta } from '../drawing/eye-shapes.ts';
import { gradientOf } from '../drawing/gradient.ts';
import { bitOf, type Colour, colourOf, hex, mix, shade, softSquare } from '../drawing/shapes.ts';
import type { Coverage, Layer, Recipe } from '../recipe.ts';

/** How far walls reach right and down of their block, in modules. */
const HEIGHT = 0.17;
/** Length of the shadow beyond the foot of a wall. */
const SHADOW = 0.28;
/** Width of the light along the upper left rim of a top. */
const RIM = 0.07;
const STEPS = 8;

/** The parts of a picture, in the order of their layers. */
const PARTS = ['top', 'right wall', 'lower wall', 'shadow', 'rim'] as const;
type Part = (typeof PARTS)[number];

/** How deep the shadow is `distance` modules beyond the foot. */
function depth(distance: number): number {
  return distance < 0 || distance > SHADOW ? 0 : 1 - distance / SHADOW;
}

/**
 * How much of `part` shows at (x, y) of a module. Looking up and left from a light place, one first meets a neighbour, then
 * the one across the corner: sums of products of three modules, which two squares compute exactly.
 */
function blocks(part: Part): Coverage {
  return (pattern, x, y) => {
    const own = bitOf(pattern, 0, 0);
    if (part === 'top') return own;
    const isLeft = x < y;
    const neighbour = isLeft ? bitOf(pattern, -1, 0) : bitOf(pattern, 0, -1);
    if (part === 'rim') return Math.min(x, y) < RIM ? own * (1 - neighbour) : 0;
    const [near, far] = isLeft ? [x, y] : [y, x];
    const first = (1 - own) * neighbour;
    const second = (1 - own) * (1 - neighbour) * bitOf(pattern, -1, -1);
    if (part === 'shadow') return first * depth(near - HEIGHT) + second * depth(far - HEIGHT);
    const meetsFirst = isLeft === (part === 'right wall');
    return meetsFirst ? (near < HEIGHT ? first : 0) : far < HEIGHT ? second : 0;
  };
}

const layers: readonly Layer[] = PARTS.map((part) => ({ coverage: blocks(part), degree: 0, samples: 4 }));

/** Whether the plan of an eye is filled `offset` modules down and right. */
type Foot = (offset: number) => boolean;

/** What is seen of an eye at (u, v) from its centre: 0 ground, 1 top, 2 wall, and how deep the shadow on the ground is. */
function look(foot: Foot): readonly [part: 0 | 1 | 2, shadow: number] {
  if (foot(0)) return [1, 0];
  for (let step = 1; step <= STEPS; step += 1) if (foot((-HEIGHT * step) / STEPS)) return [2, 0];
  for (let step = 0; step < STEPS; step += 1) {
    if (foot(-HEIGHT - (SHADOW * (step + 1)) / STEPS)) return [0, 1 - step / STEPS];
  }
  return [0, 0];
}

const EYE_SAMPLES = 3;

/** The recipe of `block`. */
export const block: Recipe = {
  coverages: { kind: 'drawn', layers },
  scene: (place) => {
    const { colours, modules, ownColours } = place;
    const ground = colourOf(colours.background);
    const shadow = shade(ground, 0.78);
    const wood = gradientOf(place);
    const ring = shade(mix(colourOf(colours.start), hex('#10206a'), 0.2), 0.95);
    const pupil = ownColours ? hex('#b32650') : colourOf(colours.end);
    const eye: EyePlace = { u: 0, v: 0, index: 0 };
    const sample = new Float64Array(3);
    /** Draws one part of an eye as a block of its own, with the shadow it casts, into `sample`. */
    const raise = (u: number, v: number, colour: Colour, isIn: (radius: number) => boolean): void => {
      const [part, depth] = look((offset) => isIn(softSquare(u + offset, v + offset)));
      if (part === 1) sample.set(colour);
      else if (part !== 0) sample.set(shade(colour, u > v ? 0.76 : 0.6));
      else if (depth > 0) mixInto(sample, shadow, depth);
    };
    return (x, y, { light, delta }) => {
      const top = wood(x, y);
      paint(light, ground);
      paintDelta(delta, 0, ground, top);
      paintDelta(delta, 1, ground, shade(top, 0.74));
      paintDelta(delta, 2, ground, shade(top, 0.56));
      paintDelta(delta, 3, ground, shadow);
      paintDelta(delta, 4, top, shade(top, 1.12, 0.05), 0.8);
      if (!nearEye(x, y, modules, 4.5, eye)) return;
      const { u, v } = eye;
      const step = 1 / (place.pixelsPerModule * EYE_SAMPLES);
      light.fill(0);
      for (let j = 0; j < EYE_SAMPLES; j += 1) {
        for (let i = 0; i < EYE_SAMPLES; i += 1) {
          const [su, sv] = [u + (i - 1) * step, v + (j - 1) * step];
          sample.set(ground);
          raise(su, sv, ring, (radius) => radius < 3.5 && radius > 2.5);
          raise(su, sv, pupil, (radius) => radius < 1.5);
          for (let c = 0; c < 3; c += 1) light[c] += sample[c] / (EYE_SAMPLES * EYE_SAMPLES);
        }
      }
    };
  },
};

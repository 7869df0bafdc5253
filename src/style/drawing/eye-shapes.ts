// Eyes as most styles have them: a ring and a pupil of one outline, antialiased.
import { type EyePlace, nearEye } from './eyes.ts';
import { type Colour, covered, lerp } from './shapes.ts';

/** The radius of an outline through (u, v): `length`, `squircle`, `softSquare`. */
export type Outline = (u: number, v: number) => number;

/** How an eye is drawn. */
export interface EyeLook {
  readonly ring: Outline;
  readonly pupil: Outline;
  readonly ringColour: (x: number, y: number) => Colour;
  readonly pupilColour: (x: number, y: number) => Colour;
}

const OUTER = 3.5;
const INNER = 2.5;
const PUPIL = 1.5;

/** A painter of eyes for a code: mixes them into `light` at (x, y). */
export function eyePainter(
  look: EyeLook,
  modules: number,
  pixel: number,
): (x: number, y: number, light: Float64Array) => void {
  const place: EyePlace = { u: 0, v: 0, index: 0 };
  return (x, y, light) => {
    if (!nearEye(x, y, modules, 4, place)) return;
    const { u, v } = place;
    const radius = look.ring(u, v);
    const ring = Math.min(covered(radius - OUTER, pixel), covered(INNER - radius, pixel));
    if (ring > 0) mixInto(light, look.ringColour(x, y), ring);
    const pupil = covered(look.pupil(u, v) - PUPIL, pixel);
    if (pupil > 0) mixInto(light, look.pupilColour(x, y), pupil);
  };
}

/** Mixes `share` of `colour` into `into`. */
export function mixInto(into: Float64Array, colour: Colour, share: number): void {
  for (let c = 0; c < 3; c += 1) into[c] = lerp(into[c], colour[c], share);
}

/** Writes `colour`. */
export function paint(into: Float64Array, colour: Colour): void {
  into.set(colour);
}

/** Writes `to − from`, times `share`, as delta number `index`. */
export function paintDelta(
  delta: Float64Array,
  index: number,
  from: ArrayLike<number>,
  to: ArrayLike<number>,
  share = 1,
): void {
  for (let c = 0; c < 3; c += 1) delta[3 * index + c] = share * (to[c] - from[c]);
}

// A style out of any picture: the service draws the edges, and this side mixes the picture's dark and light fields in.
import { type EyePlace, nearEye } from '../drawing/eyes.ts';
import { mixInto, paint, paintDelta } from '../drawing/eye-shapes.ts';
import { smoothStep, squircle } from '../drawing/shapes.ts';
import { EDGE_COVERAGES, edgeBend } from '../edges.ts';
import type { Recipe } from '../recipe.ts';
import { EDGES, type Style } from '../styles.ts';
import {
  FIELD_PIXELS,
  pictureFields,
  type PictureFields,
  type PictureKind,
  type PictureSource,
  POSTER_FRAME,
} from './fields.ts';
import { TONE_STEPS } from './tones.ts';

/** How a picture's style is made. */
export interface PictureChoice {
  readonly source: PictureSource;
  readonly kind: PictureKind;
  /** Of {@link TONE_STEPS}: 0 the liveliest. */
  readonly step: number;
  readonly seed: number;
}

/** The recipe of `choice`: its fields are made once for a size, when first asked for. */
function pictureRecipe({ source, kind, step, seed }: PictureChoice): Recipe {
  const made = new Map<number, PictureFields>();
  const fieldsFor = (modules: number): PictureFields => {
    let fields = made.get(modules);
    if (!fields) {
      fields = pictureFields(source, kind, modules, TONE_STEPS[step], seed);
      made.clear();
      made.set(modules, fields);
    }
    return fields;
  };
  return {
    coverages: EDGE_COVERAGES,
    scene: ({ modules }) => {
      const { side, around, dark, light: pale, accent } = fieldsFor(modules);
      const eye: EyePlace = { u: 0, v: 0, index: 0 };
      const index = (at: number): number =>
        Math.min(side - 1, Math.max(0, Math.floor((at + around) * FIELD_PIXELS)));
      const ground = new Float64Array(3);
      const ink = new Float64Array(3);
      return (x, y, pixel) => {
        const { light, delta } = pixel;
        const at = 3 * (index(y) * side + index(x));
        for (let c = 0; c < 3; c += 1) {
          ground[c] = pale[at + c];
          ink[c] = dark[at + c];
        }
        pixel.bend = edgeBend(x, y);
        paint(light, [ground[0], ground[1], ground[2]]);
        paintDelta(delta, 0, ground, ink);
        if (!nearEye(x, y, modules, 4.3, eye)) return;
        const wobble = -0.08 * pixel.bend;
        const radius = squircle(eye.u, eye.v);
        const ring = smoothStep(0.09, -0.09, Math.abs(radius - 3) - 0.5 + wobble);
        mixInto(light, [ink[0], ink[1], ink[2]], ring);
        mixInto(light, accent, smoothStep(0.09, -0.09, radius - 1.5 + wobble));
      };
    },
  };
}

/** What is tried where a code does not read: calmer tones, and before the last other patches. */
function ladder(choice: PictureChoice): PictureChoice[] {
  const steps = TONE_STEPS.map((_, step) => ({ ...choice, step })).slice(choice.step + 1);
  const others = { ...choice, step: Math.max(1, choice.step), seed: choice.seed + 101 };
  return [...steps.slice(0, -1), others, ...steps.slice(-1)];
}

/** The style of `choice`, with its fallbacks. The service is told what it is told for every picture: the size of the code. */
export function pictureStyle(choice: PictureChoice): Style {
  return { ...styleOf(choice), fallbacks: ladder(choice).map(styleOf) };
}

function styleOf(choice: PictureChoice): Style {
  return {
    ...EDGES,
    id: 'picture',
    name: 'Picture',
    description: 'A style out of a picture of your own.',
    recipe: pictureRecipe(choice),
    served: EDGES,
    frame: choice.kind === 'poster' ? POSTER_FRAME : 0,
  };
}

// A style out of any picture: the service draws the edges, and this side mixes the picture's dark and light fields in.
import { SealedError } from '../../base/errors.ts';
import { type EyePlace, nearEye } from '../drawing/eyes.ts';
import { mixInto, paint, paintDelta } from '../drawing/eye-shapes.ts';
import { smoothStep, squircle } from '../drawing/shapes.ts';
import { EDGE_COVERAGES, edgeBend } from '../edges.ts';
import type { Recipe } from '../recipe.ts';
import { EDGES, type Style } from '../styles.ts';
import { FIELD_PIXELS, type FieldsRequest, type PictureFields, POSTER_FRAME } from './choice.ts';
import { TONE_STEPS } from './tones.ts';

/** How a picture's style is made, whatever the size of the code. */
export type PictureChoice = Omit<FieldsRequest, 'modules'>;

/** Makes the fields of a picture: here and now, or in a worker that has the picture. */
export type MakeFields = (request: FieldsRequest) => Promise<PictureFields>;

/** What a style out of a picture is to be called, and to be told from others by. */
export interface PictureName {
  readonly name: string;
  /** Equal for equal pictures, cut alike. */
  readonly picture: string;
}

/** The fields for the size asked for last. */
class LatestFields {
  readonly #make: (modules: number) => Promise<PictureFields>;
  #latest: { readonly modules: number; readonly made: Promise<PictureFields> } | undefined;
  #ready: { readonly modules: number; readonly fields: PictureFields } | undefined;

  constructor(make: (modules: number) => Promise<PictureFields>) {
    this.#make = make;
  }

  async prepare(modules: number): Promise<void> {
    if (this.#latest?.modules !== modules) {
      const latest = { modules, made: this.#make(modules) };
      this.#latest = latest;
      // What could not be made may be tried again.
      latest.made.catch(() => this.#latest === latest && (this.#latest = undefined));
    }
    const { made } = this.#latest;
    this.#ready = { modules, fields: await made };
  }

  /** @throws SealedError `invalid-argument` where they have not been prepared */
  get(modules: number): PictureFields {
    if (this.#ready?.modules === modules) return this.#ready.fields;
    const message = 'The fields of a picture are made for a size before it is drawn: call prepare first.';
    throw new SealedError('invalid-argument', message, { stage: 'style' });
  }
}

function pictureRecipe(latest: LatestFields): Recipe {
  return {
    coverages: EDGE_COVERAGES,
    scene: ({ modules }) => {
      const { side, around, dark, light: pale, accent } = latest.get(modules);
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

/**
 * The style of `choice`, with its fallbacks; `make` makes its fields for each size. The service is told what it is told for
 * every picture: the size of the code.
 */
export function pictureStyle(choice: PictureChoice, make: MakeFields, named?: PictureName): Style {
  const styleOf = (rung: PictureChoice): Style => {
    const latest = new LatestFields((modules) => make({ ...rung, modules }));
    return {
      ...EDGES,
      id: 'picture',
      name: named?.name ?? 'Picture',
      description: 'A style out of a picture of your own.',
      recipe: pictureRecipe(latest),
      served: EDGES,
      frame: choice.kind === 'poster' ? POSTER_FRAME : 0,
      variant: JSON.stringify([named?.picture, choice]),
      prepare: (modules) => latest.prepare(modules),
    };
  };
  return { ...styleOf(choice), fallbacks: ladder(choice).map(styleOf) };
}

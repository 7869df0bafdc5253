// The two fields of a picture's style at one size: what is dark and what is light, calmed round the eyes.
import { atan2 } from '../../base/exact-math.ts';
import { held, type Image, lumaOf, quantile } from './image.ts';
import { darkField, lightField, materialSource, type MaterialSource } from './materials.ts';
import { mud, toOklab, withLuma } from './oklab.ts';
import { throughFields } from './through.ts';
import {
  FIELD_PIXELS,
  type FieldsRequest,
  type PictureFields,
  type PictureKind,
  POSTER_FRAME,
} from './choice.ts';
import { TONE_STEPS, type ToneStep } from './tones.ts';

/** Quiet zone of a poster, in modules. */
const QUIET = 4;
/** Over how many modules the poster's picture goes over into the quiet zone. */
const FEATHER = 0.7;

/** A picture as its fields are made from it. */
export interface PictureSource {
  /** The whole picture, 340 pixels on the shorter side: that sets the size of its strokes. */
  readonly whole: Image;
  /** A square part of it at `side` pixels. */
  readonly square: (side: number) => Image;
}

/** What is found out about a picture once, whatever the kind and the size. */
interface Known {
  readonly materials: MaterialSource;
  readonly accent: PictureFields['accent'];
}

const known = new WeakMap<Image, Known>();

function knownOf(image: Image): Known {
  let about = known.get(image);
  if (!about) {
    const materials = materialSource(image);
    known.set(image, (about = { materials, accent: accentOf(materials.lab) }));
  }
  return about;
}

/** The fields of `source` for a code of `modules` by `modules`. */
export function pictureFields(
  source: PictureSource,
  { kind, modules, step: number, seed }: FieldsRequest,
): PictureFields {
  const step = TONE_STEPS[number];
  const around = QUIET + (kind === 'poster' ? POSTER_FRAME : 0);
  const side = (modules + 2 * around) * FIELD_PIXELS;
  const made = rawFields(source, kind, side, step, seed);
  const dark = calmed(made.dark, side, modules, around, 0.4);
  const light = calmed(made.light, side, modules, around, 0.6);
  const fields = { side, around, dark, light, accent: knownOf(source.whole).accent };
  return kind === 'poster' ? framed(fields, source.square(side), modules) : fields;
}

function rawFields(
  source: PictureSource,
  kind: PictureKind,
  side: number,
  step: ToneStep,
  seed: number,
): { readonly dark: Float32Array; readonly light: Float32Array } {
  if (kind === 'picture') {
    return throughFields(source.square(side), step, {
      equalised: 0.5,
      detail: step.detail,
      darkPower: 1.2,
      lightPower: 0.75,
      darkChroma: 1.25,
      lightChroma: 1.15,
    });
  }
  const { materials } = knownOf(source.whole);
  const take = kind === 'poster' ? 0 : Number(kind.slice(-1)) - 1;
  const dark = darkField(materials, side, take, step, seed);
  if (kind !== 'poster') return { dark, light: lightField(materials, side, take, step, seed) };
  const { light } = throughFields(source.square(side), step, {
    equalised: 0.35,
    detail: 1,
    darkPower: 1.2,
    lightPower: 0.7,
    darkChroma: 1.25,
    lightChroma: 1.2,
  });
  return { dark, light };
}

/** Share of its deviation that luma loses near an eye, and up to how many modules from its centre. */
const CALM = 0.65;
const CALM_REACH = 6;

/** `field` with its luma near each eye drawn to that eye's own middle: texture within an eye costs a whole version. */
function calmed(
  field: Float32Array,
  side: number,
  modules: number,
  around: number,
  share: number,
): Float32Array {
  const calm = field.slice();
  const far = modules - 3.5;
  for (const [eyeX, eyeY] of [
    [3.5, 3.5],
    [far, 3.5],
    [3.5, far],
  ]) {
    const [left, top] = [eyeX, eyeY].map((at) => Math.floor((at + around - CALM_REACH) * FIELD_PIXELS));
    const across = 2 * CALM_REACH * FIELD_PIXELS;
    const near = Array.from({ length: across * across }, (_, i) => ({
      at: 3 * ((top + Math.floor(i / across)) * side + left + (i % across)),
      distance: Math.max(
        Math.abs((left + (i % across) + 0.5) / FIELD_PIXELS - around - eyeX),
        Math.abs((top + Math.floor(i / across) + 0.5) / FIELD_PIXELS - around - eyeY),
      ),
    })).filter(({ distance }) => distance < CALM_REACH);
    const colours = new Float32Array(3 * near.length);
    near.forEach(({ at }, k) => colours.set(field.subarray(at, at + 3), 3 * k));
    const luma = lumaOf({ data: colours });
    const middle = quantile(
      luma.filter((_, k) => near[k].distance < 4.5),
      share,
    );
    const tones = luma.map((tone, k) => {
      const reach = held((CALM_REACH - near[k].distance) / 2, 0, 1);
      return tone + CALM * reach * reach * (3 - 2 * reach) * (middle - tone);
    });
    const made = withLuma(toOklab({ data: colours }), tones, 1);
    near.forEach(({ at }, k) => calm.set(made.subarray(3 * k, 3 * k + 3), at));
  }
  return calm;
}

/** A poster's light field, with the picture in full tone beyond the quiet zone. */
function framed(fields: PictureFields, picture: Image, modules: number): PictureFields {
  const { side, around, light } = fields;
  const half = modules / 2 + QUIET;
  const middle = modules / 2;
  const mixed = light.map((value, index) => {
    const i = Math.floor(index / 3);
    const x = Math.abs(((i % side) + 0.5) / FIELD_PIXELS - around - middle) - half;
    const y = Math.abs((Math.floor(i / side) + 0.5) / FIELD_PIXELS - around - middle) - half;
    const full = held(Math.max(x, y) / FEATHER, 0, 1);
    return value + full * (picture.data[index] - value);
  });
  return { ...fields, light: mixed };
}

/** The colour of the pupils: of the picture's most vivid pixels the hue that stays a colour when it is dark. */
function accentOf(lab: Float32Array): readonly [number, number, number] {
  const chroma = Float32Array.from({ length: lab.length / 3 }, (_, i) =>
    Math.sqrt(lab[3 * i + 1] ** 2 + lab[3 * i + 2] ** 2),
  );
  const limit = quantile(chroma, 0.8);
  const bins = Array.from({ length: 24 }, () => ({ weight: 0, a: 0, b: 0 }));
  chroma.forEach((value, i) => {
    if (value < limit) return;
    const [a, b] = [lab[3 * i + 1], lab[3 * i + 2]];
    const bin = bins[Math.min(23, Math.floor(((atan2(b, a) + Math.PI) / (2 * Math.PI)) * 24))];
    bin.weight += value;
    bin.a += value * a;
    bin.b += value * b;
  });
  const score = ({ weight, a, b }: (typeof bins)[number]): number =>
    weight === 0 ? 0 : Math.sqrt(weight) * (1 - 0.8 * mud(a / weight, b / weight));
  const best = bins.reduce((most, bin) => (score(bin) > score(most) ? bin : most));
  const weight = Math.max(best.weight, 1e-9);
  const colour = withLuma(Float32Array.of(0.5, best.a / weight, best.b / weight), Float32Array.of(0.26), 1);
  return [colour[0], colour[1], colour[2]];
}

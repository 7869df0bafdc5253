// The picture itself, showing through the code: once as dark and once as light as scanners need it.
import { atan2, pow } from '../../base/exact-math.ts';
import { blurred, held, type Image, lumaOf, quantile } from './image.ts';
import { mud, toOklab, withLuma } from './oklab.ts';
import type { ToneStep } from './tones.ts';

/** How much of the picture's own tones is spread evenly, and the exponents of dark and light. */
export interface Through {
  readonly equalised: number;
  readonly detail: number;
  readonly darkPower: number;
  readonly lightPower: number;
  readonly darkChroma: number;
  readonly lightChroma: number;
}

/** The picture's tones on 0 … 1, spread out, with local contrast raised. */
function spread(image: Image, equalised: number, detail: number): Float32Array {
  const { width, height } = image;
  const luma = lumaOf(image);
  const stretched = (values: Float32Array): Float32Array => {
    const [low, high] = [quantile(values, 0.01), quantile(values, 0.99)];
    // A plain picture has no tones to spread.
    const range = Math.max(high - low, 0.05);
    return values.map((value) => held(high - low < 0.05 ? 0.5 + (value - low) : (value - low) / range, 0, 1));
  };
  const ranks = ranksOf(luma);
  const even = stretched(luma).map((value, i) => (1 - equalised) * value + equalised * ranks[i]);
  const local = blurred(even, width, height, 10);
  const crisp = stretched(even.map((value, i) => value + 0.8 * (value - local[i])));
  const base = blurred(crisp, width, height, 8);
  return crisp.map((value, i) => held(base[i] + detail * (value - base[i]), 0, 1));
}

/** Grey levels that pixels are ranked by. */
const LEVELS = 1024;

/** The share of pixels that are darker than each, those of its own level counted half. */
function ranksOf(luma: Float32Array): Float32Array {
  const levelOf = (value: number): number => Math.min(LEVELS - 1, Math.floor(LEVELS * value));
  const counts = new Uint32Array(LEVELS);
  for (const value of luma) counts[levelOf(value)] += 1;
  const ranks = new Float32Array(LEVELS);
  let before = 0;
  counts.forEach((count, level) => {
    ranks[level] = (before + count / 2) / luma.length;
    before += count;
  });
  return luma.map((value) => ranks[levelOf(value)]);
}

/** The picture's own dark ink: a and b of the strongest three of 24 hues among its darkest quarter. */
function darkInk(lab: Float32Array, luma: Float32Array): readonly [number, number] {
  const limit = quantile(luma, 0.25);
  const bins = Array.from({ length: 24 }, () => [0, 0, 0]);
  luma.forEach((value, i) => {
    if (value > limit) return;
    const [a, b] = [lab[3 * i + 1], lab[3 * i + 2]];
    const chroma = Math.sqrt(a * a + b * b);
    const bin = bins[Math.min(23, Math.floor(((atan2(b, a) + Math.PI) / (2 * Math.PI)) * 24))];
    bin[0] += chroma;
    bin[1] += chroma * a;
    bin[2] += chroma * b;
  });
  const strongest = [...bins].sort((p, q) => q[0] - p[0]).slice(0, 3);
  const total = strongest.reduce((sum, [weight]) => sum + weight, 1e-9);
  const mean = (k: number): number => strongest.reduce((sum, bin) => sum + bin[k], 0) / total;
  return [mean(1), mean(2)];
}

/** The dark and light versions of `image`, RGB in 0 … 1. */
export function throughFields(
  image: Image,
  step: ToneStep,
  look: Through,
): { readonly dark: Float32Array; readonly light: Float32Array } {
  const tones = spread(image, look.equalised, look.detail);
  const lab = toOklab(image);
  const luma = lumaOf(image);
  const [inkA, inkB] = darkInk(lab, luma);
  const muddy = blurred(
    luma.map((_, i) => mud(lab[3 * i + 1], lab[3 * i + 2])),
    image.width,
    image.height,
    2,
  );
  // Without the ink darkened skies turn olive, and darkened beige turns mud.
  const inked = lab.map((value, i) => {
    const part = i % 3;
    if (part === 0) return 0.45;
    const share = 0.15 + 0.7 * muddy[Math.floor(i / 3)];
    return value + share * ((part === 1 ? inkA : inkB) - value);
  });
  const { darkLow, darkHigh, lightLow, lightHigh } = step;
  const darks = tones.map((tone) => darkLow + (darkHigh - darkLow) * pow(tone, look.darkPower));
  const lights = tones.map((tone) => lightLow + (lightHigh - lightLow) * pow(tone, look.lightPower));
  return { dark: withLuma(inked, darks, look.darkChroma), light: withLuma(lab, lights, look.lightChroma) };
}

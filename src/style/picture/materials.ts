// The materials of a picture: its dark and its light patches, parted by colour, quilted into fields of any size.
import { pow } from '../../base/exact-math.ts';
import { blurred, boxMeans, held, type Image, lumaOf, quantile } from './image.ts';
import { mud, toOklab, withLuma } from './oklab.ts';
import { PATCH, quilt } from './quilt.ts';
import { seededRandom } from '../../base/seeded-random.ts';
import type { ToneStep } from './tones.ts';

/** One material: where its patches begin, and what it looks like. */
interface Material {
  readonly corners: Int32Array;
  readonly lab: readonly [number, number, number];
  readonly share: number;
  readonly texture: number;
}

const CLUSTERS = 4;
/** Share of all patches that are taken: those nearest the tones asked for. */
const KEPT = 0.3;
const LEAST_CORNERS = (PATCH * PATCH) / 2;

/** A picture prepared for its materials. */
export interface MaterialSource {
  readonly image: Image;
  readonly lab: Float32Array;
  readonly luma: Float32Array;
  readonly darks: readonly Material[];
  readonly lights: readonly Material[];
}

/** `image` in OKLab and luma, with its materials. */
export function materialSource(image: Image): MaterialSource {
  const tones = { image, lab: toOklab(image), luma: lumaOf(image) };
  return { ...tones, darks: materialsOf(tones, true), lights: materialsOf(tones, false) };
}

/** Groups of `points` (three numbers each) round `CLUSTERS` middles: the group of each. */
function grouped(points: Float32Array): Uint8Array {
  const count = points.length / 3;
  const random = seededRandom(1);
  const middles = Float64Array.from({ length: 3 * CLUSTERS });
  for (let k = 0; k < CLUSTERS; k += 1) {
    const pick = Math.floor(random() * count);
    for (let c = 0; c < 3; c += 1) middles[3 * k + c] = points[3 * pick + c];
  }
  const groups = new Uint8Array(count);
  const assign = (step: number): void => {
    for (let i = 0; i < count; i += step) {
      let least = Infinity;
      for (let k = 0; k < CLUSTERS; k += 1) {
        let distance = 0;
        for (let c = 0; c < 3; c += 1) distance += (points[3 * i + c] - middles[3 * k + c]) ** 2;
        if (distance < least) [groups[i], least] = [k, distance];
      }
    }
  };
  const sampled = Math.max(1, Math.floor(count / 4000));
  for (let round = 0; round < 12; round += 1) {
    assign(sampled);
    const sums = new Float64Array(4 * CLUSTERS);
    for (let i = 0; i < count; i += sampled) {
      for (let c = 0; c < 3; c += 1) sums[4 * groups[i] + c] += points[3 * i + c];
      sums[4 * groups[i] + 3] += 1;
    }
    for (let k = 0; k < CLUSTERS; k += 1) {
      const size = sums[4 * k + 3];
      if (size > 0) for (let c = 0; c < 3; c += 1) middles[3 * k + c] = sums[4 * k + c] / size;
    }
  }
  assign(1);
  return groups;
}

/** The dark or the light materials of a picture. */
function materialsOf(
  { image, lab, luma }: Pick<MaterialSource, 'image' | 'lab' | 'luma'>,
  isDark: boolean,
): Material[] {
  const { width, height } = image;
  const means = (of: (i: number) => number): Float32Array => {
    const values = new Float32Array(luma.length);
    for (let i = 0; i < values.length; i += 1) values[i] = of(i);
    return boxMeans(values, width, height, PATCH);
  };
  const [low, high] = isDark
    ? [-1, Math.min(quantile(luma, 0.35), 0.5)]
    : [Math.max(quantile(luma, 0.65), 0.45), 2];
  const excess = means((i) => Math.max(luma[i] - high, 0) + Math.max(low - luma[i], 0));
  const [lightness, a, b] = [0, 1, 2].map((c) => means((i) => lab[3 * i + c]));
  const [mean, square] = [means((i) => luma[i]), means((i) => luma[i] * luma[i])];
  const score = excess.map((value, i) => value - 0.15 * Math.sqrt(a[i] * a[i] + b[i] * b[i]));
  const limit = quantile(score, KEPT);
  const kept = [...score.keys()].filter((i) => score[i] <= limit);
  const points = Float32Array.from(kept.flatMap((i) => [0.5 * lightness[i], 1.5 * a[i], 1.5 * b[i]]));
  const groups = grouped(points);
  const across = width - PATCH + 1;
  const found: Material[] = [];
  for (let group = 0; group < CLUSTERS; group += 1) {
    const members = kept.filter((_, i) => groups[i] === group);
    if (members.length < LEAST_CORNERS) continue;
    const most = quantile(
      members.map((i) => excess[i]),
      0.7,
    );
    const chosen = members.filter((i) => excess[i] <= most);
    const average = (values: Float32Array): number =>
      chosen.reduce((sum, i) => sum + values[i], 0) / chosen.length;
    const textures = chosen.map((i) => Math.sqrt(Math.max(0, square[i] - mean[i] * mean[i])));
    found.push({
      corners: Int32Array.from(chosen, (i) => Math.floor(i / across) * width + (i % across)),
      lab: [average(lightness), average(a), average(b)],
      share: members.length / kept.length,
      texture: quantile(textures, 0.5),
    });
  }
  return found;
}

function best(materials: readonly Material[], take: number, score: (material: Material) => number): Material {
  const sorted = [...materials].sort((a, b) => score(b) - score(a));
  return sorted[Math.min(take, sorted.length - 1)];
}

/** The dark material of choice `take`, 0 … 2: the colourful and clean ones first. */
function darkMaterial({ darks }: MaterialSource, take: number): Material {
  return best(darks, take, ({ lab: [, a, b], share, texture }) => {
    const chroma = Math.sqrt(a * a + b * b);
    return pow(share, 0.4) * (chroma + 0.03) * (1 - 0.5 * mud(a, b)) * (1 + 2 * Math.min(texture, 0.12));
  });
}

/** The dark field of a picture's materials: `side`² pixels, RGB in 0 … 1; `take` 0 … 2 chooses among them. */
export function darkField(
  source: MaterialSource,
  side: number,
  take: number,
  step: ToneStep,
  seed: number,
): Float32Array {
  const tones = { low: step.darkLow, high: step.darkHigh, detail: step.detail };
  return materialField(source, darkMaterial(source, take), side, seed, tones, 1.15);
}

/** The light field beside it: of a material that is bright, and far in hue from the dark one. */
export function lightField(
  source: MaterialSource,
  side: number,
  take: number,
  step: ToneStep,
  seed: number,
): Float32Array {
  const dark = darkMaterial(source, take);
  const light = best(source.lights, take === 2 ? 1 : 0, ({ lab: [lightness, a, b], share, texture }) => {
    const distance = Math.sqrt((a - dark.lab[1]) ** 2 + (b - dark.lab[2]) ** 2);
    return pow(share, 0.3) * (0.1 + distance) * (1 + 2 * Math.min(texture, 0.1)) * held(lightness, 0.3, 1);
  });
  const tones = { low: step.lightLow, high: step.lightHigh, detail: step.detail, lift: 0.84 };
  return materialField(source, light, side, seed + 1, tones, 1.1);
}

interface Tones {
  readonly low: number;
  readonly high: number;
  readonly detail: number;
  /** Least median luma. */
  readonly lift?: number;
}

function materialField(
  { image, lab, luma }: MaterialSource,
  { corners }: Material,
  side: number,
  seed: number,
  { low, high, detail, lift }: Tones,
  chroma: number,
): Float32Array {
  const { width, height } = image;
  const pixels = quilt({ values: lab, width, height, corners }, side, seed);
  const colours = new Float32Array(3 * pixels.length);
  let tones = new Float32Array(pixels.length);
  pixels.forEach((pixel, i) => {
    for (let c = 0; c < 3; c += 1) colours[3 * i + c] = lab[3 * pixel + c];
    tones[i] = luma[pixel];
  });
  if (lift !== undefined) {
    const raise = lift - quantile(tones, 0.5);
    if (raise > 0) tones = tones.map((tone) => Math.min(1, tone + raise));
  }
  return withLuma(colours, fitted(tones, side, low, high, detail), chroma);
}

/** Tones moved, and narrowed only where they are too wide, so that percentiles 2 and 98 lie between `low` and `high`. */
function fitted(tones: Float32Array, side: number, low: number, high: number, detail: number): Float32Array {
  const base = blurred(tones, side, side, 8);
  const calm = tones.map((tone, i) => base[i] + detail * (tone - base[i]));
  const [from, to] = [quantile(calm, 0.02), quantile(calm, 0.98)];
  const scale = Math.min(1, (high - low) / Math.max(to - from, 1e-3));
  const top = from + (to - from) * scale;
  const shift = top > high ? high - top : from < low ? low - from : 0;
  return calm.map((tone) => held(from + (tone - from) * scale + shift, low - 0.02, high + 0.02));
}

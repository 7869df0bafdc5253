// OKLab for whole pictures, and colours set to a luma without their hue (Björn Ottosson, 2020).
import { atan2, cbrt, exp, pow } from '../../base/exact-math.ts';
import { held, type Image } from './image.ts';

function toLinear(c: number): number {
  return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/** Gamma-coded values of squares, (i / {@link ROOTS})²: taken between two entries, they are finer than 8 bits by far. */
const ROOTS = 2048;
const GAMMA = Float32Array.from({ length: ROOTS + 2 }, (_, i) => {
  const x = Math.min(1, (i / ROOTS) ** 2);
  return x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055;
});

function toGamma(c: number): number {
  if (c <= 0) return 0;
  if (c >= 1) return 1;
  const root = ROOTS * Math.sqrt(c);
  const i = Math.floor(root);
  return GAMMA[i] + (root - i) * (GAMMA[i + 1] - GAMMA[i]);
}

/** L, a and b of every pixel. */
export function toOklab({ data }: Pick<Image, 'data'>): Float32Array {
  const lab = new Float32Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const [r, g, b] = [toLinear(data[i]), toLinear(data[i + 1]), toLinear(data[i + 2])];
    const l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    lab[i] = 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
    lab[i + 1] = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
    lab[i + 2] = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  }
  return lab;
}

/** The colour of `lightness`, `a` and `b`, clipped to RGB, into `out` at `at`. */
function writeRgb(lightness: number, a: number, b: number, out: Float32Array, at: number): void {
  const u = lightness + 0.3963377774 * a + 0.2158037573 * b;
  const v = lightness - 0.1055613458 * a - 0.0638541728 * b;
  const w = lightness - 0.0894841775 * a - 1.291485548 * b;
  const [l, m, s] = [u * u * u, v * v * v, w * w * w];
  out[at] = toGamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  out[at + 1] = toGamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  out[at + 2] = toGamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
}

// Trials of the lightness. Where they end, black or white makes up for what is missing.
const TRIALS = 4;

/**
 * Each colour of `lab` with its hue kept, its chroma times `chroma`, and its luma, 0 … 1, that of `luma`: the lightness is
 * found by false position, and what is left is mixed in as black or white.
 */
export function withLuma(lab: Float32Array, luma: Float32Array, chroma: number): Float32Array {
  const out = new Float32Array(lab.length);
  for (let i = 0; i < luma.length; i += 1) {
    const [a, b, at] = [lab[3 * i + 1] * chroma, lab[3 * i + 2] * chroma, 3 * i];
    const wanted = luma[i];
    let [low, high, below, above, reached] = [0, 1, 0, 1, 0];
    for (let trial = 0; trial < TRIALS; trial += 1) {
      // One halving in the middle, where one end alone has moved.
      const part = trial === 2 ? 0.5 : held((wanted - below) / (above - below + 1e-9), 0.02, 0.98);
      const lightness = low + part * (high - low);
      writeRgb(lightness, a, b, out, at);
      reached = 0.299 * out[at] + 0.587 * out[at + 1] + 0.114 * out[at + 2];
      if (reached < wanted) [low, below] = [lightness, reached];
      else [high, above] = [lightness, reached];
    }
    for (let c = 0; c < 3; c += 1) {
      out[at + c] =
        wanted < reached
          ? (out[at + c] * wanted) / reached
          : 1 - ((1 - out[at + c]) * (1 - wanted)) / (1 - reached + 1e-9);
    }
  }
  return out;
}

/** How far a colour would look dirty when darkened, 0 … 1: yellows turn olive, greys turn mud. */
export function mud(a: number, b: number): number {
  const chroma = Math.sqrt(a * a + b * b);
  const hue = ((atan2(b, a) * 180) / Math.PI - 92) / 38;
  return Math.max(0, 1 - chroma / 0.05, exp(-hue * hue));
}

// Outputs as what they are: a label with probabilities, a picture, or plain numbers.

/** A label and how sure the network is of it. */
export interface Likelihood {
  readonly label: string;
  /** 0 to 1. */
  readonly share: number;
}

// More than this are no choice of labels.
const MOST_LABELS = 20;
// Fewer pixels than this along a side are no picture.
const LEAST_SIDE = 8;

/** Whether an output of `shape` is a choice between a few labels. */
export function isChoice(shape: readonly number[]): boolean {
  const count = shape.reduce((product, size) => product * size, 1);
  return count >= 2 && count <= MOST_LABELS;
}

/** Probabilities as they are, or of outputs that are none by softmax. */
export function likelihoodsOf(values: readonly number[]): Likelihood[] {
  const sum = values.reduce((total, value) => total + value, 0);
  // Encryption moves a probability of 0 a little below it.
  const isShare = values.every((value) => value > -0.01 && value < 1.01) && Math.abs(sum - 1) < 0.02;
  const top = Math.max(...values);
  const powers = isShare
    ? values.map((value) => Math.max(0, value))
    : values.map((value) => Math.exp(value - top));
  const all = powers.reduce((total, value) => total + value, 0);
  return powers.map((value, label) => ({ label: String(label), share: value / all }));
}

/** Size of an output that is a picture, with one channel or three; undefined for others. */
export function pictureSize(
  shape: readonly number[],
): { readonly channels: 1 | 3; readonly height: number; readonly width: number } | undefined {
  const [channels, height, width] = shape;
  if (shape.length !== 3 || (channels !== 1 && channels !== 3)) return undefined;
  return height >= LEAST_SIDE && width >= LEAST_SIDE ? { channels, height, width } : undefined;
}

/** Pixels (RGBA) of an output `[channels, height, width]` of 0 to 1; values beyond are cut off. */
export function pixelsOf(
  values: readonly number[],
  shape: readonly number[],
): Uint8ClampedArray<ArrayBuffer> {
  const [channels, height, width] = shape;
  const size = height * width;
  const pixels = new Uint8ClampedArray(4 * size);
  for (let i = 0; i < size; i += 1) {
    for (let c = 0; c < 3; c += 1)
      pixels[4 * i + c] = Math.round(255 * values[(channels === 1 ? 0 : c) * size + i]);
    pixels[4 * i + 3] = 255;
  }
  return pixels;
}

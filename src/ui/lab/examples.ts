// The examples that come with the lab, and how each shows what it is given and what it gives.
import type { PictureForm } from './drawing.ts';

/** An example that comes with the page. */
export interface Example {
  readonly name: string;
  readonly description: string;
  readonly model: string;
  readonly input: string;
  /** Samples of its owner's, which ranges are taken from. */
  readonly samples?: string;
  /** Whether the client takes part unless told otherwise. */
  readonly clientOps?: boolean;
}

/** Models trained by this project, with inputs they have never seen. */
export const EXAMPLES: readonly Example[] = [
  {
    name: 'Digits',
    description: 'Digits of 12 × 12 pixels; convolution, two squares, 6 172 numbers.',
    model: 'models/digits.onnx',
    input: 'models/digits-input.npy',
  },
  {
    name: 'Digits, 28 × 28',
    description: 'The public harness’ network with squares: 784 → 128 → 64 → 10, 109 386 numbers.',
    model: 'models/digits-square.onnx',
    input: 'models/digits-square-input.npy',
    samples: 'models/digits-square-samples.npy',
  },
  {
    name: 'Autoencoder',
    description: 'Colours the modules of a code: two convolutions, two transposed ones, two squares.',
    model: 'models/autoencoder.onnx',
    input: 'models/code-input.npy',
  },
  {
    name: 'U-Net',
    description: 'The same with ReLU, a maximum pool and a skip, which the client computes.',
    model: 'models/unet.onnx',
    input: 'models/code-input.npy',
    clientOps: true,
  },
];

/** How to draw for the networks of digits, by their files. */
export const FORMS: Readonly<Record<string, PictureForm>> = {
  'models/digits.onnx': { side: 12, fill: 0.78, pen: 0.06, mean: 0, deviation: 1 },
  'models/digits-square.onnx': { side: 28, fill: 20 / 28, pen: 0.05, mean: 0.1307, deviation: 0.3081 },
};

/** How to draw for a network of somebody's own whose inputs are square pictures of one channel; undefined for others. */
export function formFor(file: string, shape: readonly number[]): PictureForm | undefined {
  const known = Object.entries(FORMS).find(([path]) => path.endsWith(`/${file}`));
  if (known) return known[1];
  const [channels, height, width] = shape;
  const isSquare = shape.length === 3 && channels === 1 && height === width;
  if (!isSquare || height < 8 || height > 64) return undefined;
  return { side: height, fill: 0.72, pen: 0.05, mean: 0, deviation: 1 };
}

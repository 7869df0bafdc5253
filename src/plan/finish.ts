// The exact renamings a client does after decryption, and the step from values to an 8-bit picture.
import { assert } from '../base/assert.ts';
import { compareValues, type Differences } from '../base/compare.ts';
import { SealedError } from '../base/errors.ts';
import type { FinishOperation } from './model-card.ts';

/** A `[C, H, W]` tensor in C order. */
export interface Planes {
  readonly shape: readonly [number, number, number];
  readonly values: Float32Array;
}

/** PixelShuffle: channel c·b² + i·b + j at (y, x) becomes channel c at (y·b + i, x·b + j) (ONNX DepthToSpace, mode CRD). */
function depthToSpace({ shape: [channels, height, width], values }: Planes, block: number): Planes {
  const planes = channels / (block * block);
  assert(Number.isInteger(planes), 'channels are a multiple of the block');
  const result = new Float32Array(values.length);
  let from = 0;
  for (let c = 0; c < planes; c += 1) {
    for (let i = 0; i < block; i += 1) {
      for (let j = 0; j < block; j += 1) {
        for (let y = 0; y < height; y += 1) {
          let to = ((c * height + y) * block + i) * width * block + j;
          for (let x = 0; x < width; x += 1, to += block, from += 1) result[to] = values[from]!;
        }
      }
    }
  }
  return { shape: [planes, height * block, width * block], values: result };
}

/** `planes` after `operations`, in order. */
function finish(planes: Planes, operations: readonly FinishOperation[]): Planes {
  return operations.reduce((value, operation) => depthToSpace(value, operation.block), planes);
}

/** Interleaved 8-bit RGB of three planes: 0 to 1 becomes 0 to 255, clamped (an unclamped cast would wrap around). */
export function toRgb({ shape: [channels, height, width], values }: Planes): Uint8Array<ArrayBuffer> {
  assert(channels === 3, 'a picture has three channels');
  const pixels = height * width;
  const data = new Uint8ClampedArray(pixels * 3);
  for (let c = 0; c < 3; c += 1) {
    for (let p = 0; p < pixels; p += 1) data[3 * p + c] = values[c * pixels + p] * 255;
  }
  return new Uint8Array(data.buffer);
}

/** How far decrypted values are from the float network's. */
export type Precision = Differences;

/** An 8-bit RGB picture, row-major, with its precision against the reference if one was given. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly precision: Precision | undefined;
}

function comparePrecision(values: Float32Array, reference: Float32Array): Precision {
  if (values.length === reference.length) return compareValues(values, reference);
  throw new SealedError('invalid-argument', 'The reference has another size than the result.', {
    stage: 'decrypt',
  });
}

/**
 * The picture in an output tensor.
 * @param shape of `values`, `[C, H, W]`, C order
 * @param operations what makes three channels of it
 * @param reference the float network's output `[3, height, width]`
 */
export function pictureOf(
  shape: readonly [number, number, number],
  operations: readonly FinishOperation[],
  values: Float32Array,
  reference: Float32Array | undefined,
): Picture {
  const finished = finish({ shape, values }, operations);
  const [, height, width] = finished.shape;
  const precision = reference && comparePrecision(finished.values, reference);
  return { width, height, data: toRgb(finished), precision };
}

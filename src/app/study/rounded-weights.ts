// A network's file with its weights rounded to few bits: what rounding after training costs, at any number of bits.
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { SealedError } from '../../base/errors.ts';
import { ModelProtoSchema } from '../../import/onnx/onnx_pb.js';

/** ONNX's numbers of the types (onnx.proto, TensorProto.DataType). */
const [FLOAT, FLOAT16] = [1, 10];

/** Weights of the committed networks are stored as float16 under names that end so. */
const HALF = '.half';

/** The fewest bits that weights can be rounded to: −1, 0 and 1. */
export const LEAST_BITS = 2;
/** The most bits that weights can be rounded to. */
export const MOST_BITS = 8;

function float16At(view: DataView, at: number): number {
  const bits = view.getUint16(at, true);
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits >> 15 ? -size : size;
}

/**
 * `onnx` with every matrix and kernel rounded to 2^bits − 1 steps, one step for each output: its largest weight is the largest
 * whole number. Constants stay as they are.
 * @throws SealedError `invalid-argument` where no weight is stored as float16, as those of the committed float networks are
 */
export function roundWeights(onnx: Uint8Array, bits: number): Uint8Array {
  const model = fromBinary(ModelProtoSchema, onnx);
  const most = 2 ** (bits - 1) - 1;
  let count = 0;
  for (const tensor of model.graph?.initializer ?? []) {
    if (tensor.dataType !== FLOAT16 || !tensor.name.endsWith(HALF) || tensor.dims.length < 2) continue;
    const raw = tensor.rawData;
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const values = Float32Array.from({ length: raw.length / 2 }, (_, i) => float16At(view, 2 * i));
    const row = values.length / Number(tensor.dims[0]);
    for (let from = 0; from < values.length; from += row) {
      const part = values.subarray(from, from + row);
      const step = part.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0) / most;
      if (step > 0) for (const [i, x] of part.entries()) part[i] = Math.round(x / step) * step;
    }
    tensor.dataType = FLOAT;
    tensor.rawData = new Uint8Array(values.buffer);
    count += 1;
  }
  if (count === 0) {
    throw new SealedError(
      'invalid-argument',
      'This network holds no float16 weights to round: take a float network.',
      {
        stage: 'model',
      },
    );
  }
  return toBinary(ModelProtoSchema, model);
}

// Bytes of an .onnx or .pb file → protobuf messages and numeric constants. Nothing is trusted, nothing executed.
import { powerOfTwo } from '../../base/exact-math.ts';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { SealedError } from '../../base/errors.ts';
import { elementCount } from '../../model/graph.ts';
import type { Tensor } from '../../model/graph.ts';
import { printable } from '../file-text.ts';
import { MAX_ELEMENTS } from '../graph-builder.ts';
import { ModelProtoSchema, TensorProtoSchema } from './onnx_pb.js';
import type { ModelProto, TensorProto } from './onnx_pb.js';
import { malformed, unsupported, WHOLES } from './values.ts';
import type { Constant } from './values.ts';

/** Largest model file that is read. */
const MAX_FILE_BYTES = 2 ** 28;

/** Numbers of TensorProto.DataType that are read. */
const TYPES = {
  float: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9, float16: 10, double: 11, uint32: 12,
  uint64: 13, bfloat16: 16,
} as const; // prettier-ignore

const FLOATING: ReadonlySet<number> = new Set([TYPES.float, TYPES.float16, TYPES.double, TYPES.bfloat16]);

/** Whether an ONNX data type is a floating-point one. */
export function isFloating(dataType: number): boolean {
  return FLOATING.has(dataType);
}

/** Decodes a model file; `malformed-model` for anything that is none. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  if (bytes.length > MAX_FILE_BYTES) {
    throw malformed(`The file has ${bytes.length} bytes; at most ${MAX_FILE_BYTES} are read.`);
  }
  return decodeMessage('an ONNX model', () =>
    fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false }),
  );
}

/** Bytes of a file beside the model, by the name that the model has for it; undefined where there is none. */
export type ExternalFiles = Readonly<Record<string, Uint8Array>>;

/** The model with the numbers that lie in `files` put into it; those that lie nowhere are refused where they are read. */
function withExternalData(model: ModelProto, files: ExternalFiles): ModelProto {
  for (const tensor of model.graph?.initializer ?? []) {
    if (!isExternal(tensor)) continue;
    const { location, offset, length } = externalPlace(tensor);
    const file = Object.hasOwn(files, location) ? files[location] : undefined;
    if (!file) continue;
    const end = length === undefined ? file.length : offset + length;
    if (!(offset >= 0 && end >= offset && end <= file.length)) {
      throw malformed(`tensor '${printable(tensor.name)}' lies beyond the end of '${printable(location)}'.`);
    }
    tensor.rawData = file.subarray(offset, end);
    tensor.externalData = [];
    tensor.dataLocation = 0;
  }
  return model;
}

/** The names that an ONNX model has for files beside it that hold its weights. @throws SealedError `malformed-model` */
export function externalFilesOf(bytes: Uint8Array): string[] {
  const tensors = decodeModel(bytes).graph?.initializer.filter(isExternal) ?? [];
  return [...new Set(tensors.map((tensor) => externalPlace(tensor).location))];
}

/** The model with the numbers of `files` inside, as a file of its own. @throws SealedError `malformed-model` */
export function joinExternalData(bytes: Uint8Array, files: ExternalFiles): Uint8Array {
  return toBinary(ModelProtoSchema, withExternalData(decodeModel(bytes), files));
}

function isExternal(tensor: TensorProto): boolean {
  return (tensor.dataLocation as number) !== 0 || tensor.externalData.length > 0;
}

function externalPlace({ externalData }: TensorProto) {
  const entry = (key: string): string | undefined => externalData.find((one) => one.key === key)?.value;
  const length = entry('length');
  return {
    location: entry('location') ?? '',
    offset: Number(entry('offset') ?? 0),
    length: length === undefined ? undefined : Number(length),
  };
}

/**
 * Reads a serialised TensorProto (`.pb`) as float32 values; `malformed-model` for anything else.
 * @internal the form in which ONNX publishes its test vectors
 */
export function readTensorFile(bytes: Uint8Array): Tensor {
  const proto = decodeMessage('an ONNX tensor', () =>
    fromBinary(TensorProtoSchema, bytes, { readUnknownFields: false }),
  );
  const constant = decodeTensor(proto);
  return { shape: constant.dims, data: Float32Array.from(constant.data) };
}

/** The numbers of a TensorProto. Floats stay float32; everything else becomes float64. */
export function decodeTensor(proto: TensorProto): Constant {
  if (isExternal(proto)) {
    const { location } = externalPlace(proto);
    throw unsupported(
      `tensor '${printable(proto.name)}' lies in a file of its own, '${printable(location)}': put it beside the model, or join the two with onnx.save(onnx.load('model.onnx'), 'one.onnx').`,
    );
  }
  const dims = proto.dims.map(Number);
  if (dims.length > 16 || !dims.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw malformed(`tensor '${printable(proto.name)}' has an impossible shape.`);
  }
  const count = elementCount(dims);
  if (!(count <= MAX_ELEMENTS)) throw malformed(`tensor '${printable(proto.name)}' is too large.`);
  const data = proto.rawData.length > 0 ? decodeRaw(proto, count) : decodeFields(proto);
  if (data.length !== count) {
    throw malformed(
      `tensor '${printable(proto.name)}' of shape [${dims.join(', ')}] holds ${data.length} values.`,
    );
  }
  const type = WHOLES.get(proto.dataType);
  return { kind: 'constant', dims, data, integer: !isFloating(proto.dataType), ...(type && { type }) };
}

function decodeMessage<Message>(what: string, read: () => Message): Message {
  try {
    return read();
  } catch (cause) {
    throw new SealedError('malformed-model', `The file is not ${what}, or is damaged.`, {
      stage: 'model',
      cause,
    });
  }
}

/** Little-endian numbers in `raw_data`, read without regard to alignment. */
function decodeRaw(proto: TensorProto, count: number): Float32Array | Float64Array {
  const { rawData } = proto;
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  const read = rawReader(view, proto.dataType);
  if (!read)
    throw unsupported(
      `tensor '${printable(proto.name)}' has data type ${proto.dataType}: save the model in float32.`,
    );
  const [bytes, at] = read;
  if (rawData.length !== count * bytes) {
    throw malformed(
      `tensor '${printable(proto.name)}' holds ${rawData.length} bytes, ${count * bytes} were expected.`,
    );
  }
  const data = proto.dataType === TYPES.float ? new Float32Array(count) : new Float64Array(count);
  for (let i = 0; i < count; i++) data[i] = at(i * bytes);
  return data;
}

/** Bytes per element and a reader at a byte offset. */
function rawReader(view: DataView, dataType: number): [number, (offset: number) => number] | undefined {
  switch (dataType) {
    case TYPES.float:
      return [4, (at) => view.getFloat32(at, true)];
    case TYPES.double:
      return [8, (at) => view.getFloat64(at, true)];
    case TYPES.float16:
      return [2, (at) => halfToNumber(view.getUint16(at, true))];
    case TYPES.bfloat16:
      return [2, (at) => bfloatToNumber(view.getUint16(at, true))];
    case TYPES.int64:
      return [8, (at) => Number(view.getBigInt64(at, true))];
    case TYPES.uint64:
      return [8, (at) => Number(view.getBigUint64(at, true))];
    case TYPES.int32:
      return [4, (at) => view.getInt32(at, true)];
    case TYPES.uint32:
      return [4, (at) => view.getUint32(at, true)];
    case TYPES.int16:
      return [2, (at) => view.getInt16(at, true)];
    case TYPES.uint16:
      return [2, (at) => view.getUint16(at, true)];
    case TYPES.int8:
      return [1, (at) => view.getInt8(at)];
    case TYPES.uint8:
    case TYPES.bool:
      return [1, (at) => view.getUint8(at)];
    default:
      return undefined;
  }
}

/** Numbers in the typed repeated fields. Half floats travel as bit patterns in `int32_data`. */
function decodeFields(proto: TensorProto): Float32Array | Float64Array {
  switch (proto.dataType) {
    case TYPES.float:
      return Float32Array.from(proto.floatData);
    case TYPES.double:
      return Float64Array.from(proto.doubleData);
    case TYPES.int64:
      return Float64Array.from(proto.int64Data, Number);
    case TYPES.uint32:
    case TYPES.uint64:
      return Float64Array.from(proto.uint64Data, Number);
    case TYPES.float16:
      return Float64Array.from(proto.int32Data, halfToNumber);
    case TYPES.bfloat16:
      return Float64Array.from(proto.int32Data, bfloatToNumber);
    case TYPES.int32:
    case TYPES.int16:
    case TYPES.int8:
    case TYPES.uint16:
    case TYPES.uint8:
    case TYPES.bool:
      return Float64Array.from(proto.int32Data);
    default:
      throw unsupported(
        `tensor '${printable(proto.name)}' has data type ${proto.dataType}: save the model in float32.`,
      );
  }
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * powerOfTwo(exponent - 25);
}

/** The upper half of an IEEE 754 binary32. */
function bfloatToNumber(bits: number): number {
  return new Float32Array(Uint32Array.of((bits & 0xffff) << 16).buffer)[0];
}

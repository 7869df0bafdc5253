// NumPy .npy files → float32 tensors, and back.
import { SealedError } from '../base/errors.ts';
import { elementCount } from '../model/graph.ts';
import type { Tensor } from '../model/graph.ts';
import { MAX_ELEMENTS } from './graph-builder.ts';

/** Element size and reader by NumPy type, without byte order. */
const TYPES: Readonly<
  Record<string, readonly [number, (view: DataView, at: number, little: boolean) => number]>
> = {
  f4: [4, (view, at, little) => view.getFloat32(at, little)],
  f8: [8, (view, at, little) => view.getFloat64(at, little)],
  i1: [1, (view, at) => view.getInt8(at)],
  u1: [1, (view, at) => view.getUint8(at)],
  b1: [1, (view, at) => view.getUint8(at)],
  i2: [2, (view, at, little) => view.getInt16(at, little)],
  u2: [2, (view, at, little) => view.getUint16(at, little)],
  i4: [4, (view, at, little) => view.getInt32(at, little)],
  u4: [4, (view, at, little) => view.getUint32(at, little)],
  i8: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  u8: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
};

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;

/**
 * Reads a `.npy` file of numbers, format 1 to 3, in C or Fortran order (NumPy Enhancement Proposal 1).
 * @throws SealedError `malformed-model` for anything else, pickled objects included.
 */
export function readNpy(bytes: Uint8Array): Tensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw malformed('it does not begin like one');
  const start = bytes[6] === 1 ? 10 : 12;
  const end = start + (bytes[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length || end > 65_536) throw malformed('its header does not end');
  const header = new TextDecoder().decode(bytes.subarray(start, end));
  const type = /'descr':\s*'([<>|=]?)(\w+)'/.exec(header);
  const order = /'fortran_order':\s*(True|False)/.exec(header);
  const sizes = /'shape':\s*\(([\d, ]*)\)/.exec(header);
  if (!type || !order || !sizes) throw malformed('its header is damaged');
  if (!Object.hasOwn(TYPES, type[2]))
    throw malformed(`its type ${type[2].slice(0, 10)} is no number: save it as float32`);
  const shape = sizes[1].split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  return readArray(bytes.subarray(end), type[2], type[1] !== '>', shape, order[1] === 'True');
}

/** `tensor` as a `.npy` file of format 1: float32, little-endian, in C order. */
export function writeNpy({ shape, data }: Tensor): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sizes}), }`;
  // Magic, version, length, header and a line feed, padded to a multiple of 64 bytes.
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const start = 10 + padded.length;
  const bytes = new Uint8Array(start + 4 * data.length);
  bytes.set([...MAGIC, 1, 0]);
  const view = new DataView(bytes.buffer);
  view.setUint16(8, padded.length, true);
  bytes.set(new TextEncoder().encode(padded), 10);
  data.forEach((value, i) => view.setFloat32(start + 4 * i, value, true));
  return bytes;
}

/**
 * The numbers of a raw array: `type` as NumPy writes it (`f4`), in C order unless `fortran`.
 * @throws SealedError `malformed-model` where bytes and shape disagree.
 */
export function readArray(
  bytes: Uint8Array,
  type: string,
  littleEndian: boolean,
  shape: readonly number[],
  fortran: boolean,
): Tensor {
  if (!Object.hasOwn(TYPES, type))
    throw malformed(`its type ${type.slice(0, 10)} is no number: save it as float32`);
  const [size, read] = TYPES[type];
  const count = elementCount(shape);
  if (!shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0) || !(count <= MAX_ELEMENTS)) {
    throw malformed('its shape is impossible');
  }
  if (bytes.length < count * size)
    throw malformed(`it holds ${bytes.length} bytes where ${count * size} are needed`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = Float32Array.from({ length: count }, (_, i) => read(view, i * size, littleEndian));
  return { shape, data: fortran ? toCOrder(values, shape) : values };
}

/** Fortran order runs the first axis fastest. */
function toCOrder(values: Float32Array, shape: readonly number[]): Float32Array {
  return values.map((_, position) => {
    let rest = position;
    let at = 0;
    let stride = elementCount(shape);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      stride /= shape[axis];
      at += (rest % shape[axis]) * stride;
      rest = Math.floor(rest / shape[axis]);
    }
    return values[at];
  });
}

function malformed(text: string): SealedError {
  return new SealedError('malformed-model', `The file cannot be read as a NumPy array: ${text}.`, {
    stage: 'input',
  });
}

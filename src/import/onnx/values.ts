// What an ONNX name stands for during import: a constant, or data that depends on the network's input.
import { SealedError } from '../../base/errors.ts';
import type { Shape, ValueId, WholeType } from '../../model/graph.ts';

/** Types of whole numbers by TensorProto.DataType. */
export const WHOLES: ReadonlyMap<number, WholeType> = new Map([
  [2, 'uint8'],
  [3, 'int8'],
  [4, 'uint16'],
  [5, 'int16'],
  [6, 'int32'],
  [7, 'int64'],
  [9, 'bool'],
  [12, 'uint32'],
  [13, 'uint64'],
]);

/** A tensor known at import. Integers are exact up to 2^53. */
export interface Constant {
  readonly kind: 'constant';
  readonly dims: Shape;
  readonly data: Float32Array | Float64Array;
  /** Whether the ONNX type is an integer or boolean, whose division truncates. */
  readonly integer: boolean;
  /** Its type, where it is one of whole numbers and stands in the file. */
  readonly type?: WholeType;
}

/**
 * A value computed from the input. `dims` are ONNX's, batch axis included; where `batched`, axis 0 is that batch axis and
 * the graph's value has the other axes only.
 */
export interface Data {
  readonly kind: 'data';
  readonly id: ValueId;
  readonly dims: Shape;
  readonly batched: boolean;
  /** The ONNX type it has in the file; any floating-point type is `float`, and computed in single precision. */
  readonly type: 'float' | WholeType;
}

/** Either. */
export type Value = Constant | Data;

/** A constant of whole numbers, as shape arithmetic makes them. */
export function integers(values: readonly number[], dims: Shape = [values.length]): Constant {
  return { kind: 'constant', dims, data: Float64Array.from(values), integer: true };
}

/** The shape two shapes broadcast to by NumPy's rules; `malformed-model` where they do not. */
export function broadcastDims(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw malformed(`shapes [${a.join(', ')}] and [${b.join(', ')}] do not go together.`);
    }
    return left === 1 ? right : left;
  });
}

/** Whether two shapes are the same. */
export function sameDims(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** `axis` counted from the front, for a tensor of `rank` axes; `malformed-model` where there is none. */
export function normalizeAxis(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(at) || at < 0 || at >= rank)
    throw malformed(`there is no axis ${axis} among ${rank}.`);
  return at;
}

/** The error for a file that contradicts itself or ONNX. */
export function malformed(text: string): SealedError {
  return new SealedError('malformed-model', text, { stage: 'model' });
}

/** The error for a layer that is sound ONNX but cannot be had here. `text` says what works instead. */
export function unsupported(text: string): SealedError {
  return new SealedError('unsupported-layer', text, { stage: 'model' });
}

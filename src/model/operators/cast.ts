// Float reference of casts to whole numbers: cut toward zero, then the low bits that the type has.
import { powerOfTwo } from '../../base/exact-math.ts';
import type { NodeOf, Tensor, WholeType } from '../graph.ts';

/** Bits of each type, and whether it has a sign. A bool is no number of bits, but whether a value is not 0. */
const WHOLE: Readonly<Record<Exclude<WholeType, 'bool'>, readonly [bits: number, signed: boolean]>> = {
  int8: [8, true],
  uint8: [8, false],
  int16: [16, true],
  uint16: [16, false],
  int32: [32, true],
  uint32: [32, false],
  int64: [64, true],
  uint64: [64, false],
};

/**
 * `x` as a number of type `to`: 0 or 1 for a bool; otherwise cut toward zero, limited to the machine integer that it is
 * computed in (32 bits for types up to that, 64 for larger ones), and wrapped around to the bits of its type. That is what
 * onnxruntime does on x86; ONNX leaves open what becomes of values outside the type.
 * @param slack values this near to a whole number count as that number
 */
export function castValue(to: WholeType, x: number, slack = 0): number {
  const nearest = Math.round(x);
  const value = Math.abs(x - nearest) <= slack ? nearest : x;
  if (to === 'bool') return value === 0 ? 0 : 1;
  if (Number.isNaN(value)) return 0;
  const [bits, signed] = WHOLE[to];
  const wide = to === 'uint64' ? 2 ** 64 : bits > 32 || to === 'uint32' ? 2 ** 63 : 2 ** 31;
  // Beyond 2^53 floats are whole multiples of powers of two: the limits need no −1 that they could not hold.
  const least = -Math.min(wide, 2 ** 63);
  const most = wide <= 2 ** 31 ? wide - 1 : wide;
  const cut = Math.min(Math.max(Math.trunc(value), least), most);
  const size = powerOfTwo(bits);
  const top = signed ? size / 2 : size;
  const bottom = top - size;
  if (cut >= bottom && (cut < top || bits === 64)) return cut + 0;
  return cut - size * Math.floor((cut - bottom) / size);
}

/** Whether every value of type `from` is one of type `to`, unchanged. */
export function holdsAll(to: WholeType, from: WholeType): boolean {
  if (from === to || from === 'bool') return true;
  if (to === 'bool') return false;
  const [[toBits, toSigned], [fromBits, fromSigned]] = [WHOLE[to], WHOLE[from]];
  return toSigned
    ? toBits > fromBits || (fromSigned && toBits === fromBits)
    : !fromSigned && toBits >= fromBits;
}

/** A cast of a tensor, element by element. */
export function cast(node: NodeOf<'cast'>, input: Tensor): Float32Array {
  return input.data.map((x) => castValue(node.to, x, node.slack));
}

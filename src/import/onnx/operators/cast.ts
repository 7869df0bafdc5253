// ONNX Cast, and which operators may work on whole numbers: https://onnx.ai/onnx/operators/onnx__Cast.html
import { exponentOf, powerOfTwo } from '../../../base/exact-math.ts';
import type { WholeType } from '../../../model/graph.ts';
import { castValue, holdsAll } from '../../../model/operators/cast.ts';
import type { Scope } from '../scope.ts';
import { unsupported, WHOLES } from '../values.ts';
import type { Constant, Data } from '../values.ts';

/** Bits of the significand and least exponent of a floating-point type; its largest exponent is 1 − least. */
type FloatFormat = readonly [bits: number, leastExponent: number];

const FLOATS: ReadonlyMap<number, FloatFormat> = new Map([
  [1, [24, -126]],
  [10, [11, -14]],
  [11, [53, -1022]],
  [16, [8, -126]],
]);

/** Types that are refused, with what would do (TensorProto.DataType). */
const OTHERS: ReadonlyMap<number, string> = new Map([
  [8, 'string: use float'],
  [14, 'complex64: use float'],
  [15, 'complex128: use float'],
  ...[17, 18, 19, 20, 24].map((type) => [type, 'float8: use float'] as const),
  [21, 'uint4: use uint8'],
  [22, 'int4: use int8'],
  [23, 'float4: use float'],
]);

/** Operators that leave every value as it is, or know what to do with whole numbers. */
const MOVES: ReadonlySet<string> = new Set([
  'Cast', 'Identity', 'Dropout', 'Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'Expand', 'Transpose', 'Pad', 'Concat',
  'Slice', 'Split', 'Gather', 'Tile', 'DepthToSpace', 'SpaceToDepth', 'MaxPool', 'GlobalMaxPool', 'ReduceMax', 'Not',
  'Where', 'DequantizeLinear',
]); // prettier-ignore

/** Operators that are the same on whole numbers as on real ones, as long as nothing wraps around. */
const ARITHMETIC: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Neg']);

/**
 * Throws for an operator that would compute with whole numbers in a way that real ones do not: ONNX cuts their quotients
 * and wraps their sums around. Sums of 32 and 64 bits pass: what would wrap around there is beyond what can be encrypted.
 * @throws SealedError `unsupported-layer`
 */
export function checkTypes({ operator, inputs }: Scope): void {
  if (MOVES.has(operator)) return;
  for (const value of inputs) {
    if (value?.kind !== 'data' || value.type === 'float') continue;
    const isWide = value.type === 'int32' || value.type === 'int64';
    if (isWide && ARITHMETIC.has(operator)) continue;
    throw unsupported(
      `its input is of type ${value.type}, and only float is computed with: Cast it to float before.`,
    );
  }
}

/**
 * Cast of data. To a floating-point type it changes nothing: everything is computed in single precision. To a whole one it
 * is a layer for the client, unless the type holds all that the value can be.
 */
export function cast(scope: Scope): Data {
  const x = scope.data();
  const to = wholeType(scope);
  if (to === undefined) return { ...x, type: 'float' };
  if (x.type !== 'float' && holdsAll(to, x.type)) return { ...x, type: to };
  return { ...scope.emit({ op: 'cast', to }, [x], scope.shapeOf(x)), type: to };
}

/** Cast of a constant, floating-point types rounded to their precision. */
export function castConstant(scope: Scope, constant: Constant): Constant {
  const to = wholeType(scope);
  const format = FLOATS.get(targetOf(scope))!;
  const map = (x: number): number => (to ? castValue(to, x) : roundTo(format, x));
  const { type: _, ...rest } = constant;
  const data = Float64Array.from(constant.data, map);
  return { ...rest, data, integer: to !== undefined, ...(to && { type: to }) };
}

function targetOf(scope: Scope): number {
  return scope.int('to', 1);
}

/** The whole-number type that is cast to; undefined for a floating-point one. */
function wholeType(scope: Scope): WholeType | undefined {
  const target = targetOf(scope);
  const whole = WHOLES.get(target);
  if (whole === undefined && !FLOATS.has(target)) {
    throw unsupported(`it casts to ${OTHERS.get(target) ?? `type ${target}: use float`}.`);
  }
  return whole;
}

/** `x` rounded to the nearest number of `format`, to even where two are as near (IEEE 754); infinite beyond the largest. */
function roundTo([bits, leastExponent]: FloatFormat, x: number): number {
  if (bits === 53 || x === 0 || !Number.isFinite(x)) return x;
  if (bits === 24) return Math.fround(x);
  const exponent = Math.max(exponentOf(x), leastExponent);
  const step = powerOfTwo(exponent - bits + 1);
  const below = Math.floor(x / step);
  const rest = x / step - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  const rounded = (below + (up ? 1 : 0)) * step;
  return Math.abs(rounded) >= powerOfTwo(2 - leastExponent) ? Math.sign(x) * Infinity : rounded;
}

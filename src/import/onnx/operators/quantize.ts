// QuantizeLinear, DequantizeLinear and QONNX's Quant: constants folded, activations as steps that the client computes exactly.
import { pow } from '../../../base/exact-math.ts';
import { activate } from '../../../model/operators/elementwise.ts';
import type { Activation, WholeType } from '../../../model/graph.ts';
import { printable } from '../../file-text.ts';
import { combineConstants } from '../constants.ts';
import type { Scope } from '../scope.ts';
import { malformed, normalizeAxis, unsupported, WHOLES } from '../values.ts';
import type { Constant, Data, Value } from '../values.ts';
import { scaleData, withConstant } from './combine.ts';

/** The largest and smallest numbers of the types that values are quantised to. */
const BOUNDS: Readonly<Partial<Record<WholeType, readonly [low: number, high: number]>>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
};

/** Domains in which exporters of quantised networks (QONNX, FINN, Brevitas) put their operators. */
export const QUANT_DOMAINS: ReadonlySet<string> = new Set([
  'qonnx.custom_op.general', 'finn.custom_op.general', 'onnx.brevitas',
]); // prettier-ignore

const QUANT_ROUNDINGS: Readonly<Record<string, 'even' | 'floor' | 'ceil'>> = {
  ROUND: 'even', HALF_EVEN: 'even', FLOOR: 'floor', CEIL: 'ceil',
}; // prettier-ignore

/** QuantizeLinear: round(x / scale) + zero point, held to the type's bounds. */
export function quantizeLinear(scope: Scope): Value {
  const [x] = scope.inputs;
  if (!x) throw malformed('its input is missing.');
  const { scale, zero, type } = readScale(scope, x.dims);
  const bounds = BOUNDS[type];
  if (!bounds) throw unsupported(`it quantises to ${type}: use int8 or uint8.`);
  if (x.kind === 'constant') {
    const steps = combineConstants(
      scope,
      x,
      scale,
      (a, s) => activate(rounding(s, -Infinity, Infinity), a) / s,
    );
    const whole = combineConstants(scope, steps, zero, (a, z) =>
      Math.min(Math.max(Math.round(a) + z, bounds[0]), bounds[1]),
    );
    return { ...whole, integer: true, type };
  }
  const [z] = zero.data;
  if (!zero.data.every((value) => value === z))
    throw unsupported('its zero points must be equal: use a symmetric one.');
  const real = stepped(scope, x, scale, bounds[0] - z, bounds[1] - z);
  // Whole numbers to the bit, which single precision would not make of real ones: the layer goes where it is not needed.
  const steps = emitted(scope, divided(scope, real, scale), rounding(1, -Infinity, Infinity));
  return { ...withConstant(scope, 'Add', steps, single(z)), type };
}

/** DequantizeLinear: (q − zero point) · scale. */
export function dequantizeLinear(scope: Scope): Value {
  const [q] = scope.inputs;
  if (!q) throw malformed('its input is missing.');
  const { scale, zero } = readScale(scope, q.dims);
  if (q.kind === 'constant') {
    const centred = combineConstants(scope, q, zero, (a, z) => a - z);
    return { ...combineConstants(scope, centred, scale, (a, s) => a * s), integer: false };
  }
  const whole: Data = { ...q, type: 'float' };
  const real = quantized(scope, whole, scale, zero);
  return real ?? withConstant(scope, 'Mul', withConstant(scope, 'Sub', whole, zero), scale);
}

/** QONNX's Quant (https://github.com/fastmachinelearning/qonnx): quantised and dequantised at once. */
export function quant(scope: Scope): Value {
  const [x] = scope.inputs;
  if (!x) throw malformed('its input is missing.');
  const scale = scope.constant(1, 'scale');
  const zero = scope.constant(2, 'zero point');
  const width = scope.constant(3, 'bit width');
  const [bits] = width.data;
  if (width.data.length !== 1 || !Number.isInteger(bits) || bits < 1 || bits > 32) {
    throw unsupported('its bit width must be one whole number from 1 to 32.');
  }
  const signed = scope.int('signed', 1) === 1;
  const narrow = scope.int('narrow', 0) === 1 ? 1 : 0;
  const mode = scope.string('rounding_mode', 'ROUND').toUpperCase();
  if (!Object.hasOwn(QUANT_ROUNDINGS, mode)) {
    throw unsupported(`rounding_mode '${printable(mode)}' is not supported: use ROUND, FLOOR or CEIL.`);
  }
  const half = pow(2, bits - 1);
  const low = signed ? -half + narrow : 0;
  const high = signed ? half - 1 : 2 * half - 1 - narrow;
  const [z] = zero.data;
  if (!zero.data.every((value) => value === z)) throw unsupported('its zero points must be equal.');
  const by = QUANT_ROUNDINGS[mode];
  if (x.kind === 'data') return stepped(scope, x, scale, low - z, high - z, by);
  return {
    ...combineConstants(scope, x, scale, (a, s) => activate(rounding(s, low - z, high - z, by), a)),
    integer: false,
  };
}

/** Scale and zero point as they broadcast against an input of `dims`, and the type that is quantised to. */
function readScale(
  scope: Scope,
  dims: readonly number[],
): { scale: Constant; zero: Constant; type: WholeType } {
  if (scope.int('block_size', 0) !== 0)
    throw unsupported('blocks of scales are not supported: use one per axis.');
  const scale = scope.constant(1, 'scale');
  const zero = scope.optionalConstant(2, 'zero point') ?? single(0);
  if (!scale.data.every((value) => value > 0 && Number.isFinite(value)))
    throw malformed('its scale is not positive.');
  const type = zero.type ?? WHOLES.get(scope.int('output_dtype', 0)) ?? 'uint8';
  if (scale.data.length === 1) return { scale: single(scale.data[0]), zero: single(zero.data[0]), type };
  const axis = normalizeAxis(scope.int('axis', 1), dims.length);
  const along = (constant: Constant): Constant => ({
    ...constant,
    dims: constant.data.length === 1 ? [] : dims.map((_, i) => (i === axis ? constant.data.length : 1)),
  });
  return { scale: along(scale), zero: along(zero), type };
}

/** Steps of `scale`, as many as `low … high`, in the units of `x`. */
function stepped(
  scope: Scope,
  x: Data,
  scale: Constant,
  low: number,
  high: number,
  by: 'even' | 'floor' | 'ceil' = 'even',
): Data {
  const [s] = scale.data;
  if (scale.data.every((value) => value === s)) return emitted(scope, x, rounding(s, low, high, by));
  const steps = emitted(scope, divided(scope, x, scale), rounding(1, low, high, by));
  return withConstant(scope, 'Mul', steps, scale);
}

/** What was quantised to `q`, dequantised again, if `q` comes straight from where that is known. */
function quantized(scope: Scope, q: Data, scale: Constant, zero: Constant): Data | undefined {
  if (scale.data.length !== 1) return undefined;
  const { builder } = scope;
  const [[s], [z]] = [scale.data, zero.data];
  let node = builder.nodeOf(q.id);
  if (z !== 0) {
    if (node?.op !== 'addConstant' || node.constant.data.length !== 1 || node.constant.data[0] !== z)
      return undefined;
    node = builder.nodeOf(node.inputs[0]);
  }
  if (node?.op !== 'activation' || node.function.kind !== 'quantize' || node.function.scale !== 1)
    return undefined;
  const factor = builder.nodeOf(node.inputs[0]);
  const source = factor?.op === 'mulConstant' ? builder.nodeOf(factor.inputs[0]) : factor;
  if (source?.op !== 'activation' || source.function.kind !== 'quantize') return undefined;
  return source.function.scale === s ? { ...q, id: source.id } : undefined;
}

function divided(scope: Scope, x: Data, scale: Constant): Data {
  return scale.data.length === 1
    ? scaleData(scope, x, 1 / scale.data[0])
    : withConstant(scope, 'Div', x, scale);
}

function rounding(
  scale: number,
  low: number,
  high: number,
  by: 'even' | 'floor' | 'ceil' = 'even',
): Activation {
  return { kind: 'quantize', scale, low, high, rounding: by };
}

function emitted(scope: Scope, x: Data, fn: Activation): Data {
  return scope.emit({ op: 'activation', function: fn }, [x], scope.shapeOf(x));
}

function single(value: number): Constant {
  return { kind: 'constant', dims: [], data: Float64Array.of(value), integer: false };
}

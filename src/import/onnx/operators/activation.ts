// ONNX activation functions, softmax and argmax.
import type { Activation } from '../../../model/graph.ts';
import { elementCount } from '../../../model/graph.ts';
import { printable } from '../../file-text.ts';
import type { Scope } from '../scope.ts';
import { malformed, normalizeAxis, unsupported } from '../values.ts';
import type { Data, Value } from '../values.ts';
import { scaleData } from './combine.ts';

/** Functions of one number. */
export function activation(scope: Scope): Value {
  const x = scope.data();
  return applied(scope, READERS[scope.operator](scope), x);
}

function applied(scope: Scope, fn: Activation, x: Data): Data {
  return scope.emit({ op: 'activation', function: fn }, [x], scope.shapeOf(x));
}

/** Log of a sigmoid or a softmax, as exporters write LogSigmoid and LogSoftmax; of anything else it is refused. */
export function logarithm(scope: Scope): Value {
  const x = scope.data();
  const node = scope.builder.nodeOf(x.id);
  if (node?.op === 'activation' && node.function.kind === 'sigmoid') {
    const before: Data = { ...x, id: node.inputs[0] };
    return scaleData(scope, applied(scope, { kind: 'softplus' }, scaleData(scope, before, -1)), -1);
  }
  if (node?.op === 'softmax' && !node.log) {
    return scope.emit(
      { op: 'softmax', axis: node.axis, log: true },
      [{ ...x, id: node.inputs[0] }],
      scope.shapeOf(x),
    );
  }
  throw unsupported('use a polynomial (Mul, Add), or leave it to whoever reads the output.');
}

/** Swish with a factor: x · sigmoid(alpha · x). */
export function swish(scope: Scope): Value {
  const alpha = scope.float('alpha', 1);
  const x = scope.data();
  if (alpha === 1) return applied(scope, { kind: 'silu' }, x);
  if (alpha === 0) return scaleData(scope, x, 0.5);
  return scaleData(scope, applied(scope, { kind: 'silu' }, scaleData(scope, x, alpha)), 1 / alpha);
}

/** Clip: bounds are inputs, or attributes before opset 11; without bounds it does nothing. */
export function clip(scope: Scope): Value {
  const x = scope.data();
  const low = scope.optionalConstant(1, 'lower bound')?.data[0] ?? scope.float('min', -Infinity);
  const high = scope.optionalConstant(2, 'upper bound')?.data[0] ?? scope.float('max', Infinity);
  // Exporters write "no bound" as the largest float32.
  const limit = 3.4e38;
  if (low <= -limit && high >= limit) return x;
  return scope.emit({ op: 'activation', function: { kind: 'clip', low, high } }, [x], scope.shapeOf(x));
}

/** PRelu with one slope, or one per channel. */
export function pRelu(scope: Scope): Value {
  const slope = scope.constant(1, 'slope');
  const single = slope.data.length === 1;
  const x = single ? scope.data() : scope.sample(scope.data());
  const shape = scope.shapeOf(x);
  if (!single) {
    const lead = slope.dims.length - shape.length;
    const ones = slope.dims.slice(0, Math.max(lead, 0)).every((size) => size === 1);
    const aligned = shape.map((_, axis) => slope.dims[axis + lead] ?? 1);
    if (!ones || aligned[0] !== shape[0] || elementCount(aligned) !== shape[0]) {
      throw unsupported('slopes must be one, or one per channel.');
    }
  }
  return scope.emit(
    { op: 'activation', function: { kind: 'prelu', slopes: Array.from(slope.data) } },
    [x],
    shape,
  );
}

/** Softmax and LogSoftmax; before opset 13 all axes from `axis` on count as one. */
export function softmax(scope: Scope): Value {
  const x = scope.data();
  const log = scope.operator === 'LogSoftmax';
  const rank = x.dims.length;
  const axis = normalizeAxis(scope.int('axis', scope.opset < 13 ? 1 : -1), rank);
  const joined = scope.opset < 13 && axis < rank - 1;
  const dims = [...x.dims.slice(0, axis), elementCount(x.dims.slice(axis))];
  const flat = joined ? scope.reshape(x, dims) : x;
  const from = flat.batched && axis === 0 ? scope.whole(flat) : flat;
  const at = from.batched ? axis - 1 : axis;
  const result = scope.emit({ op: 'softmax', axis: at, log }, [from], scope.shapeOf(from));
  return joined ? scope.reshape(result, x.dims) : result;
}

/** ArgMax and ArgMin; ties go to the first. */
export function argMax(scope: Scope): Value {
  if (scope.int('select_last_index', 0) === 1)
    throw unsupported('select_last_index is not supported: take the first.');
  const given = scope.data();
  const x = scope.operator === 'ArgMin' ? scaleData(scope, given, -1) : given;
  const axis = normalizeAxis(scope.int('axis', 0), x.dims.length);
  const from = x.batched && axis === 0 ? scope.whole(x) : x;
  const at = from.batched ? axis - 1 : axis;
  const result = scope.emit({ op: 'argmax', axis: at }, [from], scope.shapeOf(from).with(at, 1));
  const index: Data = { ...result, type: 'int64' };
  if (scope.int('keepdims', 1) === 1) return index;
  return scope.reshape(
    index,
    x.dims.filter((_, i) => i !== axis),
  );
}

const READERS: Readonly<Record<string, (scope: Scope) => Activation>> = {
  Relu: () => ({ kind: 'relu' }),
  LeakyRelu: (scope) => ({ kind: 'leakyRelu', slope: scope.float('alpha', 0.01) }),
  Sigmoid: () => ({ kind: 'sigmoid' }),
  Tanh: () => ({ kind: 'tanh' }),
  Softplus: () => ({ kind: 'softplus' }),
  HardSwish: () => ({ kind: 'hardSwish' }),
  HardSigmoid: (scope) => {
    const [alpha, beta] = [scope.float('alpha', 0.2), scope.float('beta', 0.5)];
    if (!Number.isFinite(alpha) || !Number.isFinite(beta)) throw malformed('its parameters are not finite.');
    return { kind: 'hardSigmoid', alpha, beta };
  },
  Elu: (scope) => ({ kind: 'elu', gain: 1, alpha: scope.float('alpha', 1), width: 1 }),
  Selu: (scope) => ({
    kind: 'elu',
    gain: scope.float('gamma', 1.0507010221481323),
    alpha: scope.float('alpha', 1.6732631921768188),
    width: 1,
  }),
  Celu: (scope) => {
    const alpha = scope.float('alpha', 1);
    if (alpha === 0) throw malformed('its alpha is 0.');
    return { kind: 'elu', gain: 1, alpha, width: alpha };
  },
  Gelu: (scope) => {
    const approximate = scope.string('approximate', 'none');
    if (approximate !== 'none' && approximate !== 'tanh') {
      throw malformed(`its approximate is '${printable(approximate)}'.`);
    }
    return { kind: 'gelu', tanh: approximate === 'tanh' };
  },
  Mish: () => ({ kind: 'mish' }),
  Erf: () => ({ kind: 'erf' }),
  Exp: () => ({ kind: 'exp' }),
  Abs: () => ({ kind: 'abs' }),
  Sqrt: () => ({ kind: 'sqrt' }),
  Softsign: () => ({ kind: 'softsign' }),
  Round: () => steps('even'),
  Floor: () => steps('floor'),
  Ceil: () => steps('ceil'),
};

/** The operators that are functions of one number. */
export const ACTIVATIONS: readonly string[] = Object.keys(READERS);

function steps(rounding: 'even' | 'floor' | 'ceil'): Activation {
  return { kind: 'quantize', scale: 1, low: -Infinity, high: Infinity, rounding };
}

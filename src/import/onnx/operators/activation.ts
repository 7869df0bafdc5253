// ONNX activation functions, softmax and argmax.
import type { Activation } from '../../../model/graph.ts';
import { elementCount } from '../../../model/graph.ts';
import type { Scope } from '../scope.ts';
import { malformed, normalizeAxis, unsupported } from '../values.ts';
import type { Data, Value } from '../values.ts';

/** Functions of one number. */
export function activation(scope: Scope): Value {
  const x = scope.data();
  const read = READERS[scope.operator];
  return scope.emit({ op: 'activation', function: read(scope) }, [x], scope.shapeOf(x));
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

/** ArgMax; ties go to the first. */
export function argMax(scope: Scope): Value {
  if (scope.int('select_last_index', 0) === 1)
    throw unsupported('select_last_index is not supported: take the first.');
  const x = scope.data();
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
  Swish: (scope) => {
    if (scope.float('alpha', 1) !== 1) throw unsupported('alpha must be 1: use Silu.');
    return { kind: 'silu' };
  },
  HardSwish: () => ({ kind: 'hardSwish' }),
  HardSigmoid: (scope) => {
    const [alpha, beta] = [scope.float('alpha', 0.2), scope.float('beta', 0.5)];
    if (!Number.isFinite(alpha) || !Number.isFinite(beta)) throw malformed('its parameters are not finite.');
    return { kind: 'hardSigmoid', alpha, beta };
  },
};

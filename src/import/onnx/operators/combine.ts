// Values of the network combined with constants and with each other, broadcast as NumPy does.
import type { Tensor } from '../../../model/graph.ts';
import type { Scope } from '../scope.ts';
import { broadcastDims, malformed } from '../values.ts';
import type { Constant, Data } from '../values.ts';

/** `x` combined with a constant that broadcasts with it. */
export function withConstant(scope: Scope, operator: string, x: Data, constant: Constant): Data {
  const multiplies = operator === 'Mul' || operator === 'Div';
  const values = {
    Add: (c: number) => c,
    Sub: (c: number) => -c,
    Mul: (c: number) => c,
    Div: (c: number) => 1 / c,
  };
  const map = values[operator as keyof typeof values];
  if (operator === 'Div' && constant.data.includes(0)) throw malformed('it divides by zero.');
  const wide = scope.broadcast(x, broadcastDims(x.dims, constant.dims));
  const neutral = multiplies ? 1 : 0;
  if (constant.data.every((value) => value === neutral)) return wide;
  const { data, tensor } = alignConstant(scope, wide, {
    ...constant,
    data: Float64Array.from(constant.data, map),
  });
  return scope.emit(
    { op: multiplies ? 'mulConstant' : 'addConstant', constant: tensor },
    [data],
    scope.shapeOf(data),
  );
}

/** The constant as it broadcasts against the graph's value; the batch becomes an axis where the constant differs in it. */
function alignConstant(scope: Scope, x: Data, constant: Constant): { data: Data; tensor: Tensor } {
  if (!x.batched || constant.dims.length < x.dims.length)
    return { data: x, tensor: scope.toTensor(constant) };
  const [samples, ...dims] = constant.dims;
  const size = constant.data.length / samples;
  const uniform = constant.data.every((value, i) => Object.is(value, constant.data[i % size]));
  if (uniform) return { data: x, tensor: scope.builder.tensor(dims, constant.data.slice(0, size)) };
  return { data: scope.whole(x), tensor: scope.toTensor(constant) };
}

/** Two values of the network, broadcast and joined element by element. */
export function addData(scope: Scope, op: 'add' | 'subtract' | 'multiply', a: Data, b: Data): Data {
  const dims = broadcastDims(a.dims, b.dims);
  let [left, right] = [scope.broadcast(a, dims), scope.broadcast(b, dims)];
  if (left.batched !== right.batched) [left, right] = [scope.whole(left), scope.whole(right)];
  return scope.emit({ op }, [left, right], scope.shapeOf(left));
}

/** `x` times a number. */
export function scaleData(scope: Scope, x: Data, factor: number): Data {
  const constant = scope.builder.tensor([], [factor]);
  return scope.emit({ op: 'mulConstant', constant }, [x], scope.shapeOf(x));
}

// ONNX Gemm and MatMul: with a constant operand linear layers over the last axis, otherwise products element by element.
import type { Tensor } from '../../../model/graph.ts';
import type { Scope } from '../scope.ts';
import { malformed, unsupported } from '../values.ts';
import type { Constant, Data, Value } from '../values.ts';
import { addData, scaleData, withConstant } from './combine.ts';
import { transposeData } from './layout.ts';
import { sumOverLast } from './reduce.ts';

/** Gemm: α·A·B + β·C: https://onnx.ai/onnx/operators/onnx__Gemm.html */
export function gemm(scope: Scope): Value {
  const [a, b] = scope.inputs;
  if (a?.dims.length !== 2 || b?.dims.length !== 2) throw malformed('it needs two matrices.');
  const alpha = scope.float('alpha', 1);
  const beta = scope.float('beta', 1);
  const [transA, transB] = [scope.int('transA', 0) === 1, scope.int('transB', 0) === 1];
  const c = scope.optionalConstant(2, 'bias');
  const scaled = c && { ...c, data: Float64Array.from(c.data, (value) => value * beta) };
  if (a.kind === 'data' && b.kind === 'constant') {
    const rows = transA ? transposeData(scope, a, [1, 0]) : a;
    const weight = matrix(scope, b, !transB, alpha);
    // A bias that is the same for all rows belongs to the layer.
    const inLayer =
      scaled && scaled.data.length === scaled.dims.at(-1) && scaled.data.length === weight.shape[0];
    const bias = inLayer ? scope.builder.tensor([weight.shape[0]], scaled.data) : undefined;
    const product = applyLinear(scope, rows, weight, bias);
    return scaled && !inLayer ? withConstant(scope, 'Add', product, scaled) : product;
  }
  if (a.kind === 'constant' && b.kind === 'data') {
    // (A·B)ᵀ = Bᵀ·Aᵀ
    const columns = transB ? b : transposeData(scope, b, [1, 0]);
    const product = transposeData(
      scope,
      applyLinear(scope, columns, matrix(scope, a, transA, alpha)),
      [1, 0],
    );
    return scaled ? withConstant(scope, 'Add', product, scaled) : product;
  }
  if (a.kind === 'constant' || b.kind === 'constant') throw malformed('both matrices are constant.');
  const product = computed(
    scope,
    transA ? transposeData(scope, a, [1, 0]) : a,
    transB ? transposeData(scope, b, [1, 0]) : b,
  );
  const times = alpha === 1 ? product : scaleData(scope, product, alpha);
  return scaled ? withConstant(scope, 'Add', times, scaled) : times;
}

/** MatMul with a constant operand; a stack of matrices against a stack of constants goes matrix by matrix. */
export function matMul(scope: Scope): Value {
  const [a, b] = scope.inputs;
  if (!a || !b || a.dims.length === 0 || b.dims.length === 0) throw malformed('it needs two tensors.');
  if (a.kind === 'data' && b.kind === 'constant') return productWith(scope, a, b);
  if (a.kind === 'constant' && b.kind === 'data') return constantTimesData(scope, a, b);
  if (a.kind === 'constant' || b.kind === 'constant') throw malformed('both tensors are constant.');
  const row = a.dims.length === 1 ? scope.reshape(a, [1, ...a.dims]) : a;
  const column = b.dims.length === 1 ? scope.reshape(b, [...b.dims, 1]) : b;
  const product = computed(scope, row, column);
  const dims = product.dims.filter(
    (_, axis, { length }) =>
      !(a.dims.length === 1 && axis === length - 2) && !(b.dims.length === 1 && axis === length - 1),
  );
  return scope.reshape(product, dims);
}

/** `a` times a constant vector, matrix or stack of matrices. */
export function productWith(scope: Scope, a: Data, b: Constant): Data {
  if (b.dims.length === 1) {
    const product = applyLinear(scope, a, matrix(scope, { ...b, dims: [b.dims[0], 1] }, true, 1));
    return scope.reshape(product, product.dims.slice(0, -1));
  }
  return b.dims.length === 2 ? applyLinear(scope, a, matrix(scope, b, true, 1)) : stacked(scope, a, b);
}

/** `[…, M, K] × […, K, P]`, both computed: every product by itself, added up over K. */
function computed(scope: Scope, a: Data, b: Data): Data {
  const rank = Math.max(a.dims.length, b.dims.length);
  const lifted = (value: Data): Data =>
    scope.reshape(value, [...new Array<number>(rank - value.dims.length).fill(1), ...value.dims]);
  const [left, right] = [lifted(a), lifted(b)];
  const order = right.dims.map((_, axis) =>
    axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis,
  );
  const columns = transposeData(scope, right, order);
  const [rows, inner] = left.dims.slice(-2);
  if (inner !== columns.dims.at(-1))
    throw malformed(`[${a.dims.join(', ')}] and [${b.dims.join(', ')}] do not multiply.`);
  const one = scope.reshape(left, [...left.dims.slice(0, -2), rows, 1, inner]);
  const other = scope.reshape(columns, [...columns.dims.slice(0, -2), 1, ...columns.dims.slice(-2)]);
  return sumOverLast(scope, addData(scope, 'multiply', one, other));
}

/** `weight · x + bias` along the last axis of `x`. */
function applyLinear(scope: Scope, x: Data, weight: Tensor, bias?: Tensor): Data {
  // One sample of a batched vector is a vector; a lone vector is one, too.
  const shape = scope.shapeOf(x);
  if (shape.at(-1) !== weight.shape[1]) {
    throw malformed(`${x.dims.join('×')} values do not fit a matrix of ${weight.shape.join('×')}.`);
  }
  return scope.emit(
    { op: 'linear', weight, ...(bias && { bias }) },
    [x],
    [...shape.slice(0, -1), weight.shape[0]],
  );
}

function constantTimesData(scope: Scope, a: Constant, b: Data): Data {
  if (a.dims.length > 2) throw unsupported('a stack of constant matrices from the left is not supported.');
  const rank = b.dims.length;
  const weight = matrix(scope, a.dims.length === 1 ? { ...a, dims: [1, a.dims[0]] } : a, false, 1);
  const swap = b.dims.map((_, axis) => (axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis));
  if (rank === 1) {
    const product = applyLinear(scope, scope.whole(b), weight);
    return a.dims.length === 1 ? scope.reshape(product, []) : product;
  }
  const product = transposeData(scope, applyLinear(scope, transposeData(scope, b, swap), weight), swap);
  return a.dims.length === 1 ? scope.reshape(product, [...b.dims.slice(0, -2), b.dims[rank - 1]]) : product;
}

/** `[…, M, K] × […, K, P]`, the constant's leading axes equal to the data's. */
function stacked(scope: Scope, a: Data, b: Constant): Data {
  const [inner, outer] = b.dims.slice(-2);
  const lead = b.dims.slice(0, -2);
  const stack = lead.reduce((product, size) => product * size, 1);
  const size = inner * outer;
  if (stack === 1) return applyLinear(scope, a, matrix(scope, { ...b, dims: [inner, outer] }, true, 1));
  const x = scope.whole(a);
  const [rows, features] = x.dims.slice(-2);
  const same = x.dims.length === b.dims.length && lead.every((n, axis) => n === x.dims[axis]);
  if (!same || stack > 4096) throw unsupported('a stack of matrices must match its input’s leading axes.');
  const flat = scope.reshape(x, [stack, rows, features]);
  const parts = Array.from({ length: stack }, (_, i) => {
    const one = scope.emit({ op: 'slice', starts: [i, 0, 0], steps: [1, 1, 1] }, [flat], [1, rows, features]);
    const values = { ...b, dims: [inner, outer], data: b.data.slice(i * size, (i + 1) * size) };
    return applyLinear(scope, one, matrix(scope, values, true, 1));
  });
  const joined = scope.emit({ op: 'concat', axis: 0 }, parts, [stack, rows, outer]);
  return scope.reshape(joined, [...lead, rows, outer]);
}

/** A constant matrix as a layer's weight: transposed or not, times a factor. */
function matrix(scope: Scope, constant: Constant, transposed: boolean, factor: number): Tensor {
  const [rows, columns] = constant.dims;
  if (!transposed)
    return scope.builder.tensor(
      [rows, columns],
      Float32Array.from(constant.data, (v) => v * factor),
    );
  const values = new Float32Array(constant.data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) values[j * rows + i] = constant.data[i * columns + j] * factor;
  }
  return scope.builder.tensor([columns, rows], values);
}

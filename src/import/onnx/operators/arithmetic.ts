// ONNX Add, Sub, Mul, Div, Pow, Neg, Sum, Mean and BatchNormalization on data.
import type { Scope } from '../scope.ts';
import { broadcastDims, malformed, sameDims, unsupported } from '../values.ts';
import type { Constant, Data, Value } from '../values.ts';
import { addData, scaleData, withConstant } from './combine.ts';
import { gated } from './gates.ts';
import { standardised } from './standardise.ts';

/** Largest exponent of Pow, as a polynomial of that degree. */
const MAX_EXPONENT = 64;

/** Add, Sub, Mul and Div; opset 6's `broadcast` and `axis` included. */
export function binary(scope: Scope): Value {
  const [a, b] = scope.inputs;
  if (!a || !b) throw malformed('it needs two inputs.');
  if (a.kind === 'data' && b.kind === 'data') return ofTwo(scope, a, b);
  if (a.kind === 'data') return withConstant(scope, scope.operator, a, atAxis(scope, a, b as Constant));
  const x = b as Data;
  switch (scope.operator) {
    case 'Sub':
      return withConstant(scope, 'Add', scaleData(scope, x, -1), a);
    case 'Div':
      throw unsupported(
        'division by data is not supported: the scheme multiplies only; divide by a constant.',
      );
    default:
      return withConstant(scope, scope.operator, x, a);
  }
}

/** Neg. */
export function negate(scope: Scope): Value {
  return scaleData(scope, scope.data(), -1);
}

/** Sum of any number of inputs, each as often as it stands there. */
export function sum(scope: Scope): Data {
  // By place, not by value: the same value may stand there twice.
  const at = scope.inputs.findIndex((value) => value?.kind === 'data');
  return scope.inputs.toSpliced(at, 1).reduce<Data>((total, value) => {
    if (!value) throw malformed('an input is missing.');
    return value.kind === 'constant'
      ? withConstant(scope, 'Add', total, value)
      : addData(scope, 'add', total, value);
  }, scope.data(at));
}

/** Mean of any number of inputs. */
export function mean(scope: Scope): Value {
  return scaleData(scope, sum(scope), 1 / scope.inputs.length);
}

/** Pow by whole constants: square, or a polynomial; exponents that differ by element are taken apart. */
export function power(scope: Scope): Value {
  const x = scope.data();
  const exponent = scope.constant(1, 'exponent');
  const distinct = [...new Set(exponent.data)];
  if (distinct.length > 16 || !distinct.every((e) => Number.isInteger(e) && e >= 0 && e <= MAX_EXPONENT)) {
    throw unsupported(`exponents must be whole numbers from 0 to ${MAX_EXPONENT}: use a polynomial.`);
  }
  if (distinct.length === 1) {
    return raise(scope, scope.broadcast(x, broadcastDims(x.dims, exponent.dims)), distinct[0]);
  }
  // x^e = Σ over the exponents n that occur of [e = n]·x^n
  const parts = distinct.map((n) => {
    const mask: Constant = { ...exponent, data: exponent.data.map((e) => (e === n ? 1 : 0)), integer: false };
    return withConstant(scope, 'Mul', raise(scope, x, n), mask);
  });
  return parts.reduce((total, part) => addData(scope, 'add', total, part));
}

/** BatchNormalization at inference: one factor and one summand per channel (axis 1). */
export function batchNormalization(scope: Scope): Value {
  const x = scope.data();
  if (scope.int('training_mode', 0) === 1)
    throw unsupported('training mode: export the model in evaluation mode.');
  if (scope.int('spatial', 1) !== 1) throw unsupported('spatial=0 is not supported: normalise per channel.');
  const [gamma, beta, mean, variance] = ['scale', 'bias', 'mean', 'variance'].map((name, i) =>
    scope.constant(i + 1, name),
  );
  const channels = x.dims[1];
  if (x.dims.length < 2 || [gamma, beta, mean, variance].some(({ data }) => data.length !== channels)) {
    throw malformed(`its parameters do not fit an input of shape [${x.dims.join(', ')}].`);
  }
  const epsilon = scope.float('epsilon', 1e-5);
  const dims = [channels, ...new Array<number>(x.dims.length - 2).fill(1)];
  const factors = Float64Array.from(gamma.data, (value, c) => value / Math.sqrt(variance.data[c] + epsilon));
  const summands = Float64Array.from(beta.data, (value, c) => value - mean.data[c] * factors[c]);
  const constant = (data: Float64Array): Constant => ({ kind: 'constant', dims, data, integer: false });
  return withConstant(scope, 'Add', withConstant(scope, 'Mul', x, constant(factors)), constant(summands));
}

/** Opset 6: with `broadcast=1`, the second operand's axes start at `axis` of the first. */
function atAxis(scope: Scope, x: Data, constant: Constant): Constant {
  if (scope.opset >= 7 || scope.int('broadcast', 0) !== 1 || !scope.has('axis')) return constant;
  const axis = scope.int('axis', 0);
  const trailing = x.dims.length - (axis < 0 ? axis + x.dims.length : axis) - constant.dims.length;
  if (!(trailing >= 0 && trailing <= x.dims.length))
    throw malformed(`its operand does not fit at axis ${axis}.`);
  return { ...constant, dims: [...constant.dims, ...new Array<number>(trailing).fill(1)] };
}

function ofTwo(scope: Scope, a: Data, b: Data): Data {
  const same = a.id === b.id && sameDims(a.dims, b.dims);
  switch (scope.operator) {
    case 'Add':
      return same ? scaleData(scope, a, 2) : addData(scope, 'add', a, b);
    case 'Sub':
      return same ? scaleData(scope, a, 0) : addData(scope, 'subtract', a, b);
    case 'Mul':
      if (same) return scope.emit({ op: 'square' }, [a], scope.shapeOf(a));
      return gated(scope, a, b) ?? gated(scope, b, a) ?? addData(scope, 'multiply', a, b);
    default: {
      const normal = standardised(scope, a, b);
      if (normal) return normal;
      throw unsupported(
        'division by data is not supported: the scheme multiplies only; divide by a constant.',
      );
    }
  }
}

function raise(scope: Scope, x: Data, exponent: number): Data {
  if (exponent === 1) return x;
  const shape = scope.shapeOf(x);
  if (exponent === 2) return scope.emit({ op: 'square' }, [x], shape);
  const coefficients = [...new Array<number>(exponent).fill(0), 1];
  return scope.emit({ op: 'polynomial', coefficients }, [x], shape);
}

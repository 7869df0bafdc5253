// ONNX normalisations by the sample's own mean and variance, which the client computes.
import { elementCount } from '../../../model/graph.ts';
import type { Scope } from '../scope.ts';
import { malformed, normalizeAxis, unsupported } from '../values.ts';
import type { Constant, Data, Value } from '../values.ts';
import { withConstant } from './combine.ts';

/** LayerNormalization over the axes from `axis` on. */
export function layerNormalization(scope: Scope): Value {
  if (scope.outputCount > 1) throw unsupported('its mean and deviation are not supported as outputs.');
  const x = scope.data();
  const axis = normalizeAxis(scope.int('axis', -1), x.dims.length);
  const from = axis === 0 ? scope.whole(x) : x;
  const normal = normalized(scope, from, elementCount(x.dims.slice(axis)));
  return scaled(scope, normal, scope.optionalConstant(1, 'scale'), scope.optionalConstant(2, 'bias'));
}

/** InstanceNormalization: each channel of a sample by itself. */
export function instanceNormalization(scope: Scope): Value {
  const x = scope.sample(scope.data());
  const [channels, ...plane] = scope.shapeOf(x);
  return perChannel(scope, normalized(scope, x, elementCount(plane)), channels, channels);
}

/** GroupNormalization: groups of channels; scale and bias per channel, or per group before opset 21. */
export function groupNormalization(scope: Scope): Value {
  const x = scope.sample(scope.data());
  const [channels, ...plane] = scope.shapeOf(x);
  const groups = scope.int('num_groups', 0);
  if (!(groups >= 1) || channels % groups !== 0)
    throw malformed(`${channels} channels do not divide into ${groups} groups.`);
  const normal = normalized(scope, x, (channels / groups) * elementCount(plane));
  return perChannel(scope, normal, channels, scope.opset < 21 ? groups : channels);
}

function normalized(scope: Scope, x: Data, count: number): Data {
  const epsilon = scope.float('epsilon', 1e-5);
  return scope.emit({ op: 'normalize', count, epsilon }, [x], scope.shapeOf(x));
}

/** Scale and bias of `given` numbers for the channels of `x`. */
function perChannel(scope: Scope, x: Data, channels: number, given: number): Data {
  const ones = new Array<number>(scope.shapeOf(x).length - 1).fill(1);
  const [scale, bias] = ['scale', 'bias'].map((name, i): Constant => {
    const constant = scope.constant(i + 1, name);
    if (constant.data.length !== given)
      throw malformed(`its ${name} has ${constant.data.length} numbers, not ${given}.`);
    const data = Float64Array.from(
      { length: channels },
      (_, c) => constant.data[Math.floor((c * given) / channels)],
    );
    return { kind: 'constant', dims: [channels, ...ones], data, integer: false };
  });
  return scaled(scope, x, scale, bias);
}

function scaled(scope: Scope, x: Data, scale: Constant | undefined, bias: Constant | undefined): Data {
  const product = scale ? withConstant(scope, 'Mul', x, scale) : x;
  return bias ? withConstant(scope, 'Add', product, bias) : product;
}

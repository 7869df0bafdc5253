// torch.nn layers that normalise: by running statistics, or by the sample's own.
import { elementCount } from '../../model/graph.ts';
import type { Shape, ValueId } from '../../model/graph.ts';
import { malformed, unsupported } from './layer-scope.ts';
import type { LayerScope } from './layer-scope.ts';

/** BatchNorm1d and BatchNorm2d in evaluation: a factor and a summand per channel. */
export function batchNorm(scope: LayerScope): ValueId {
  const mean = scope.optionalTensor('running_mean');
  const variance = scope.optionalTensor('running_var');
  if (!mean || !variance) throw unsupported('it has no running statistics: use track_running_stats=True.');
  const { shape, builder } = scope;
  const channels = shape[0];
  const gamma = scope.optionalTensor('weight')?.data ?? new Float32Array(channels).fill(1);
  const beta = scope.optionalTensor('bias')?.data ?? new Float32Array(channels);
  if ([gamma, beta, mean.data, variance.data].some((values) => values.length !== channels)) {
    throw malformed(`its parameters do not fit an input of ${shape.join('×')}.`);
  }
  const epsilon = scope.number('eps', 1e-5);
  const factors = Float64Array.from(gamma, (value, c) => value / Math.sqrt(variance.data[c] + epsilon));
  const summands = Float64Array.from(beta, (value, c) => value - mean.data[c] * factors[c]);
  const dims = shape.map((size, axis) => (axis === 0 ? size : 1));
  const scaled = builder.add(
    { op: 'mulConstant', constant: builder.tensor(dims, factors) },
    [scope.input],
    shape,
  );
  return builder.add({ op: 'addConstant', constant: builder.tensor(dims, summands) }, [scaled], shape);
}

/** LayerNorm, GroupNorm and InstanceNorm over the sample's own values: `count` in a row, then a factor and a summand. */
function normalized(scope: LayerScope, count: number, dims: Shape): ValueId {
  const { builder, shape } = scope;
  if (!(count >= 1) || !Number.isInteger(elementCount(shape) / count))
    throw malformed('it does not fit its input.');
  const epsilon = scope.number('eps', 1e-5);
  const normal = builder.add({ op: 'normalize', count, epsilon }, [scope.input], shape);
  return (['weight', 'bias'] as const).reduce((x, name) => {
    const tensor = scope.optionalTensor(name);
    if (!tensor) return x;
    if (tensor.data.length !== elementCount(dims)) throw malformed(`its ${name} does not fit its input.`);
    const constant = builder.tensor(dims, tensor.data);
    const op = name === 'weight' ? 'mulConstant' : 'addConstant';
    return builder.add({ op, constant }, [x], shape);
  }, normal);
}

/** LayerNorm over the last axes. */
export function layerNorm(scope: LayerScope): ValueId {
  const dims = scope.numbers('normalized_shape') ?? scope.numbers('argument0') ?? [];
  const fits = dims.length >= 1 && dims.every((size, i) => size === scope.shape.at(i - dims.length));
  if (!fits) throw malformed(`its normalized_shape is not the end of ${scope.shape.join('×')}.`);
  return normalized(scope, elementCount(dims), dims);
}

const channelDims = ({ shape }: LayerScope): Shape => shape.map((size, axis) => (axis === 0 ? size : 1));

/** GroupNorm. */
export function groupNorm(scope: LayerScope): ValueId {
  const groups = scope.number('num_groups', scope.number('argument0', 0));
  return normalized(scope, elementCount(scope.shape) / groups, channelDims(scope));
}

/** With running statistics it is a factor and a summand per channel, otherwise the client normalises. */
export function instanceNorm(scope: LayerScope): ValueId {
  if (scope.optionalTensor('running_mean')) return batchNorm(scope);
  return normalized(scope, elementCount(scope.shape.slice(1)), channelDims(scope));
}

// Which ONNX operators are imported, by which function, and what to use instead of the others.
import { activation, argMax, clip, pRelu, softmax } from './operators/activation.ts';
import { batchNormalization, binary, mean, negate, power, sum } from './operators/arithmetic.ts';
import { cast } from './operators/cast.ts';
import { conv, convTranspose } from './operators/convolution.ts';
import {
  concat,
  depthToSpace,
  expand,
  flatten,
  gather,
  reshape,
  slice,
  spaceToDepth,
  split,
  squeeze,
  tile,
  transpose,
  unsqueeze,
} from './operators/layout.ts';
import { gemm, matMul } from './operators/matrix.ts';
import { averagePool, globalPool, maxPool, reduceMean } from './operators/pooling.ts';
import { pad, resize, upsample } from './operators/resample.ts';
import type { Scope } from './scope.ts';
import type { Value } from './values.ts';

/** Imports one node whose data depends on the network's input; several outputs come as a list. */
export type OperatorImporter = (scope: Scope) => Value | Value[];

const passThrough: OperatorImporter = (scope) => scope.data();

/** Importers by ONNX operator name. */
export const OPERATORS: ReadonlyMap<string, OperatorImporter> = new Map<string, OperatorImporter>([
  ['Conv', conv],
  ['ConvTranspose', convTranspose],
  ['Gemm', gemm],
  ['MatMul', matMul],
  ['Add', binary],
  ['Sub', binary],
  ['Mul', binary],
  ['Div', binary],
  ['Pow', power],
  ['Neg', negate],
  ['Sum', sum],
  ['Mean', mean],
  ['BatchNormalization', batchNormalization],
  ['AveragePool', averagePool],
  ['MaxPool', maxPool],
  ['GlobalAveragePool', globalPool],
  ['GlobalMaxPool', globalPool],
  ['ReduceMean', reduceMean],
  ['Flatten', flatten],
  ['Reshape', reshape],
  ['Squeeze', squeeze],
  ['Unsqueeze', unsqueeze],
  ['Expand', expand],
  ['Transpose', transpose],
  ['Pad', pad],
  ['Concat', concat],
  ['Slice', slice],
  ['Split', split],
  ['Gather', gather],
  ['Tile', tile],
  ['Resize', resize],
  ['Upsample', upsample],
  ['DepthToSpace', depthToSpace],
  ['SpaceToDepth', spaceToDepth],
  ['Identity', passThrough],
  ['Dropout', passThrough],
  ['Cast', cast],
  ['Relu', activation],
  ['LeakyRelu', activation],
  ['PRelu', pRelu],
  ['Sigmoid', activation],
  ['Tanh', activation],
  ['Softplus', activation],
  ['Swish', activation],
  ['Silu', activation],
  ['HardSwish', activation],
  ['HardSigmoid', activation],
  ['Clip', clip],
  ['Softmax', softmax],
  ['LogSoftmax', softmax],
  ['ArgMax', argMax],
]);

const SUGGESTIONS: Readonly<Record<string, string>> = {
  Elu: 'use LeakyRelu or Silu',
  Selu: 'use LeakyRelu or Silu',
  Celu: 'use LeakyRelu or Silu',
  Gelu: 'use Silu',
  Mish: 'use Silu',
  Erf: 'use Tanh or Sigmoid',
  Exp: 'use a polynomial (Mul, Add) or Sigmoid',
  Log: 'use a polynomial (Mul, Add)',
  Sqrt: 'use Pow with a whole exponent',
  Reciprocal: 'divide by a constant',
  Abs: 'use Mul(x, x)',
  Max: 'use Relu, or MaxPool run at the client with --client-ops',
  Min: 'use Clip',
  ThresholdedRelu: 'use Relu',
  LpPool: 'use Mul(x, x) and AveragePool',
  MaxUnpool: 'use ConvTranspose or Resize with mode nearest',
  ReduceMax: 'use GlobalMaxPool, run at the client with --client-ops',
  ReduceSum: 'use ReduceMean over the last axes and Mul by a constant',
  LayerNormalization: 'use BatchNormalization, which folds into constants',
  InstanceNormalization: 'use BatchNormalization, which folds into constants',
  GroupNormalization: 'use BatchNormalization, which folds into constants',
  LRN: 'use BatchNormalization, which folds into constants',
  Einsum: 'use MatMul with a constant matrix, or Conv',
  LSTM: 'use Conv over the sequence',
  GRU: 'use Conv over the sequence',
  RNN: 'use Conv over the sequence',
  QuantizeLinear: 'export the network in float32',
  DequantizeLinear: 'export the network in float32',
  QLinearConv: 'export the network in float32 and use Conv',
  ConvInteger: 'export the network in float32 and use Conv',
  CastLike: 'use Cast',
  If: 'export the branch that is taken',
  Loop: 'unroll the loop before export',
  Scan: 'unroll the loop before export',
  GridSample: 'use Resize with mode nearest',
};

/** What to do about an operator that is not imported. */
export function suggestionFor(operator: string): string {
  return Object.hasOwn(SUGGESTIONS, operator)
    ? SUGGESTIONS[operator]
    : 'express it by Conv, Gemm, Add, Mul, AveragePool or one of the activations';
}

// Which ONNX operators are imported, by which function, and what to use instead of the others.
import {
  activation,
  ACTIVATIONS,
  argMax,
  clip,
  logarithm,
  pRelu,
  softmax,
  swish,
} from './operators/activation.ts';
import { batchNormalization, binary, mean, negate, power, sum } from './operators/arithmetic.ts';
import { cast } from './operators/cast.ts';
import { conv, convTranspose } from './operators/convolution.ts';
import { einsum } from './operators/einsum.ts';
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
import { groupNormalization, instanceNormalization, layerNormalization } from './operators/normalization.ts';
import { averagePool, globalPool, maxPool } from './operators/pooling.ts';
import { dequantizeLinear, quant, QUANT_DOMAINS, quantizeLinear } from './operators/quantize.ts';
import { cumulativeSum, reduce, REDUCING } from './operators/reduce.ts';
import { pad, resize, upsample } from './operators/resample.ts';
import { compare, extremum, negation, where } from './operators/select.ts';
import type { Scope } from './scope.ts';
import { unsupported } from './values.ts';
import type { Value } from './values.ts';

/** Imports one node whose data depends on the network's input; several outputs come as a list. */
export type OperatorImporter = (scope: Scope) => Value | Value[];

const passThrough: OperatorImporter = (scope) => scope.data();

const dropout: OperatorImporter = (scope) => {
  if (scope.optionalConstant(2, 'training_mode')?.data[0]) {
    throw unsupported('training_mode is on: export the model in evaluation mode.');
  }
  return scope.data();
};

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
  ...REDUCING.map((name): [string, OperatorImporter] => [name, reduce]),
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
  ['Dropout', dropout],
  ['Cast', cast],
  ...ACTIVATIONS.map((name): [string, OperatorImporter] => [name, activation]),
  ['PRelu', pRelu],
  ['Log', logarithm],
  ['Swish', swish],
  ['Silu', swish],
  ['Clip', clip],
  ['Max', extremum],
  ['Min', extremum],
  ['Greater', compare],
  ['GreaterOrEqual', compare],
  ['Less', compare],
  ['LessOrEqual', compare],
  ['Not', negation],
  ['Where', where],
  ['Softmax', softmax],
  ['LogSoftmax', softmax],
  ['ArgMax', argMax],
  ['ArgMin', argMax],
  ['Einsum', einsum],
  ['CumSum', cumulativeSum],
  ['LayerNormalization', layerNormalization],
  ['InstanceNormalization', instanceNormalization],
  ['GroupNormalization', groupNormalization],
  ['QuantizeLinear', quantizeLinear],
  ['DequantizeLinear', dequantizeLinear],
]);

/** Operators outside ONNX's own set: those of quantised networks, and what onnxruntime's optimiser writes. */
const QUANT_OPERATORS: ReadonlyMap<string, OperatorImporter> = new Map([['Quant', quant]]);
const MICROSOFT_OPERATORS: ReadonlyMap<string, OperatorImporter> = new Map([['Gelu', activation]]);

/** The importer of an operator; undefined where there is none. */
export function importerOf(domain: string, operator: string): OperatorImporter | undefined {
  if (QUANT_DOMAINS.has(domain)) return QUANT_OPERATORS.get(operator);
  if (domain === 'com.microsoft') return MICROSOFT_OPERATORS.get(operator);
  return isStandardDomain(domain) ? OPERATORS.get(operator) : undefined;
}

/** Whether operators of `domain` are ONNX's own. */
export function isStandardDomain(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}

const CONV_SEQUENCE = 'recurrent cells are not supported: use Conv over the sequence';
const QDQ = "export it in QDQ form (onnxruntime's quant_format=QuantFormat.QDQ), which is read";
const UNROLLED = 'export the network with what is taken written out: no control flow is read';

const SUGGESTIONS: Readonly<Record<string, string>> = {
  Reciprocal: 'divide by a constant',
  ThresholdedRelu: 'use Relu',
  HardSigmoidGrad: 'export the model in evaluation mode',
  Sign: 'use Tanh',
  Sin: 'use a polynomial (Mul, Add)',
  Cos: 'use a polynomial (Mul, Add)',
  Mod: 'use Clip',
  Equal: 'use Greater or Less',
  And: 'use Mul',
  Or: 'use Max',
  LpPool: 'use Mul(x, x) and AveragePool',
  MaxUnpool: 'use ConvTranspose or Resize',
  RandomNormal: 'draw it outside and add it to the outputs',
  RandomNormalLike: 'draw it outside and add it to the outputs',
  RandomUniform: 'draw it outside and add it to the outputs',
  RandomUniformLike: 'draw it outside and add it to the outputs',
  ReduceProd: 'use Mul of slices',
  ReduceLogSumExp: 'use Softmax, which the client computes',
  LRN: 'use BatchNormalization, which folds into constants',
  LpNormalization: 'use BatchNormalization, which folds into constants',
  MeanVarianceNormalization: 'use InstanceNormalization, which the client computes',
  LSTM: CONV_SEQUENCE,
  GRU: CONV_SEQUENCE,
  RNN: CONV_SEQUENCE,
  QLinearConv: QDQ,
  QLinearMatMul: QDQ,
  QLinearAdd: QDQ,
  ConvInteger: QDQ,
  MatMulInteger: QDQ,
  DynamicQuantizeLinear: QDQ,
  BipolarQuant: 'use Quant of two bits',
  Trunc: 'use Quant',
  CastLike: 'use Cast',
  TopK: 'use ArgMax, which the client computes, or take the values as they are',
  NonMaxSuppression: 'cut the network before it (--output NAME) and run it on the decrypted values',
  If: UNROLLED,
  Loop: UNROLLED,
  Scan: UNROLLED,
  GridSample: 'use Resize',
  STFT: 'compute the spectrum before encryption',
  DFT: 'compute the spectrum before encryption',
};

/**
 * Operators that are refused by name, with what to use instead.
 * @internal read by the compatibility table
 */
export const REFUSED_OPERATORS: readonly string[] = Object.keys(SUGGESTIONS);

/** What to do about an operator that is not imported. */
export function suggestionFor(operator: string): string {
  return Object.hasOwn(SUGGESTIONS, operator)
    ? SUGGESTIONS[operator]
    : 'express it by Conv, Gemm, Add, Mul, AveragePool or one of the activations';
}

// Layers to write down one by one, and the ONNX file that a list of them is: what a service loads.
import { SealedError } from '../base/errors.ts';
import {
  type OnnxAttribute,
  type OnnxInitializer,
  type OnnxNode,
  writeOnnx,
} from '../import/onnx/write-onnx.ts';
import { elementCount, type Shape, type Tensor } from '../model/graph.ts';

/** Numbers of a layer: nested lists, or a tensor in C order. */
export type Weights = Tensor | NestedNumbers;

/** Lists of lists of numbers. */
export type NestedNumbers = readonly number[] | readonly NestedNumbers[];

/** One layer of a list. */
export type LayerDescription =
  | {
      readonly kind: 'conv2d';
      readonly weights: Tensor;
      readonly bias: Tensor | undefined;
      readonly stride: number;
      readonly padding: number;
    }
  | { readonly kind: 'linear'; readonly weights: Tensor; readonly bias: Tensor | undefined }
  | { readonly kind: 'avgPool2d'; readonly kernel: number; readonly stride: number; readonly padding: number }
  | { readonly kind: 'square' }
  | { readonly kind: 'flatten' }
  | { readonly kind: 'refresh' };

function invalid(message: string): SealedError {
  return new SealedError('invalid-argument', message, { stage: 'model' });
}

/** `weights` as a tensor of `rank` axes. @throws SealedError `invalid-argument` for lists of uneven lengths */
function tensorOf(what: string, weights: Weights, rank: number): Tensor {
  const tensor = 'data' in weights ? weights : nested(what, weights);
  const { shape, data } = tensor;
  if (shape.length !== rank || elementCount(shape) !== data.length)
    throw invalid(`${what} needs ${rank} axes, and as many numbers as they say; it has ${shape.join('×')}.`);
  return tensor;
}

function nested(what: string, list: NestedNumbers): Tensor {
  const shape: number[] = [];
  for (let at: unknown = list; Array.isArray(at); at = at[0] as unknown) shape.push(at.length);
  const data = (list as readonly unknown[]).flat(Infinity) as number[];
  const isEven = (part: unknown, axis: number): boolean =>
    axis === shape.length
      ? typeof part === 'number'
      : Array.isArray(part) && part.length === shape[axis] && part.every((inner) => isEven(inner, axis + 1));
  if (!isEven(list, 0)) throw invalid(`${what} is a list whose parts are not of one length.`);
  return { shape, data: Float32Array.from(data) };
}

function biasOf(weights: Tensor, bias: Weights | undefined): Tensor | undefined {
  if (bias === undefined) return undefined;
  const tensor = tensorOf('The bias', bias, 1);
  if (tensor.data.length === weights.shape[0]) return tensor;
  throw invalid(`The bias has ${tensor.data.length} numbers; the layer has ${weights.shape[0]} outputs.`);
}

function wholeFrom(what: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw invalid(`${what} must be a whole number from ${least} on, not ${value}.`);
}

/**
 * A convolution, as `torch.nn.Conv2d`: weights `[out, in, height, width]`, bias `[out]`.
 *
 * @example
 * ```ts
 * conv2d({ weights: [[[[0, 1], [1, 0]]]], stride: 2 })
 * ```
 */
export function conv2d(options: {
  readonly weights: Weights;
  readonly bias?: Weights | undefined;
  readonly stride?: number;
  readonly padding?: number;
}): LayerDescription {
  const weights = tensorOf('The weights of a convolution', options.weights, 4);
  return {
    kind: 'conv2d',
    weights,
    bias: biasOf(weights, options.bias),
    stride: wholeFrom('The stride', options.stride ?? 1, 1),
    padding: wholeFrom('The padding', options.padding ?? 0, 0),
  };
}

/** A dense layer, as `torch.nn.Linear`: weights `[out, in]`, bias `[out]`. */
export function linear(options: {
  readonly weights: Weights;
  readonly bias?: Weights | undefined;
}): LayerDescription {
  const weights = tensorOf('The weights of a dense layer', options.weights, 2);
  return { kind: 'linear', weights, bias: biasOf(weights, options.bias) };
}

/** The mean over windows of `kernel` by `kernel`, as `torch.nn.AvgPool2d`; the stride is the kernel's size unless given. */
export function avgPool2d(options: {
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
}): LayerDescription {
  const kernel = wholeFrom('The kernel', options.kernel, 1);
  return {
    kind: 'avgPool2d',
    kernel,
    stride: wholeFrom('The stride', options.stride ?? kernel, 1),
    padding: wholeFrom('The padding', options.padding ?? 0, 0),
  };
}

/** Every value times itself: the activation that encrypted networks have. */
export function square(): LayerDescription {
  return { kind: 'square' };
}

/** The same values as a row. Costs nothing. */
export function flatten(): LayerDescription {
  return { kind: 'flatten' };
}

/** The client decrypts and encrypts again: levels are full after it, and the client has seen the values. */
export function refresh(): LayerDescription {
  return { kind: 'refresh' };
}

/** One value of a pair of sizes, as ONNX writes it. */
const pair = (size: number): readonly bigint[] => [BigInt(size), BigInt(size)];
const four = (size: number): readonly bigint[] => [...pair(size), ...pair(size)];

/** The ONNX file of `layers`, refreshes left out. @throws SealedError `invalid-argument` where there is none */
export function onnxOf(layers: readonly LayerDescription[], inputShape: Shape): Uint8Array {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxInitializer[] = [];
  let value = 'input';
  const add = (
    op: string,
    more: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): void => {
    const output = `${op.toLowerCase()}-${nodes.length}`;
    nodes.push({ op, inputs: [value, ...more], outputs: [output], attributes });
    value = output;
  };
  const constants = (weights: Tensor, bias: Tensor | undefined): string[] =>
    [weights, ...(bias ? [bias] : [])].map(({ shape, data }) => {
      const name = `constant-${initializers.length}`;
      initializers.push({ name, dims: shape, data });
      return name;
    });
  for (const layer of layers) {
    if (layer.kind === 'refresh') continue;
    if (layer.kind === 'square') add('Mul', [value]);
    else if (layer.kind === 'flatten') add('Flatten', [], { axis: 1n });
    else if (layer.kind === 'linear') add('Gemm', constants(layer.weights, layer.bias), { transB: 1n });
    else {
      const window = { strides: pair(layer.stride), pads: four(layer.padding) };
      if (layer.kind === 'conv2d') add('Conv', constants(layer.weights, layer.bias), window);
      else add('AveragePool', [], { ...window, kernel_shape: pair(layer.kernel), count_include_pad: 1n });
    }
  }
  if (nodes.length === 0) throw invalid('There is no layer to run.');
  const input = { name: 'input', dims: [1, ...inputShape] };
  return writeOnnx({ opset: 13, input, initializers, nodes, output: value });
}

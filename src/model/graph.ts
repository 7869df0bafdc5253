// The layer graph every importer produces and everything downstream (executor, compiler) consumes.

/** Sizes of a tensor without its batch axis: `[channels, height, width]`, `[features]`, … */
export type Shape = readonly number[];

/** Dense values in C order. */
export interface Tensor {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** Name of a value: the graph's input or a node's output. */
export type ValueId = string;

/**
 * One layer. Every node has one output, named by `id`. Spatial pairs are `[vertical, horizontal]`,
 * pads are `[top, left, bottom, right]`.
 */
export type Node = {
  readonly id: ValueId;
  readonly inputs: readonly ValueId[];
  readonly shape: Shape;
} & Operation;

/** What a layer computes. Linear operations first, then those that need a polynomial or the client. */
export type Operation =
  | {
      readonly op: 'conv2d';
      /** `[out, in / groups, kernel height, kernel width]` */
      readonly weight: Tensor;
      readonly bias?: Tensor;
      readonly strides: readonly [number, number];
      readonly pads: readonly [number, number, number, number];
      readonly dilations: readonly [number, number];
      readonly groups: number;
    }
  /**
   * Transposed convolution: input row `i` under kernel row `k` adds to output row `i·stride − pad + k·dilation`. Output
   * padding is in the node's `shape` alone.
   */
  | {
      readonly op: 'convTranspose2d';
      /** `[in, out / groups, kernel height, kernel width]` */
      readonly weight: Tensor;
      readonly bias?: Tensor;
      readonly strides: readonly [number, number];
      readonly pads: readonly [number, number, number, number];
      readonly dilations: readonly [number, number];
      readonly groups: number;
    }
  | {
      readonly op: 'linear';
      /** `[out, in]`, applied to the last axis */
      readonly weight: Tensor;
      readonly bias?: Tensor;
    }
  /**
   * Window `y` starts at row `y·stride − pad`. Positions beyond the padded input (ceil mode shows in the node's `shape`
   * alone) never count in the divisor.
   */
  | {
      readonly op: 'averagePool';
      readonly kernel: readonly [number, number];
      readonly strides: readonly [number, number];
      readonly pads: readonly [number, number, number, number];
      /** Whether padding counts in the divisor. */
      readonly countIncludePad: boolean;
    }
  /** Multiplies by a constant that broadcasts against the input (NumPy rules, no batch axis). */
  | { readonly op: 'mulConstant'; readonly constant: Tensor }
  /** Adds a constant that broadcasts against the input. */
  | { readonly op: 'addConstant'; readonly constant: Tensor }
  /** Sum of two values of one shape. */
  | { readonly op: 'add' }
  /** Difference of two values of one shape. */
  | { readonly op: 'subtract' }
  | { readonly op: 'concat'; readonly axis: number }
  /** Same elements in the same C order under another shape (flatten, reshape, squeeze, unsqueeze). */
  | { readonly op: 'reshape' }
  | { readonly op: 'transpose'; readonly permutation: readonly number[] }
  /** Zero padding: `[before, after]` per axis. */
  | { readonly op: 'pad'; readonly pads: readonly (readonly [number, number])[] }
  /** Element `i` of an axis is the input's `start + i·step`; the sizes are in the node's `shape`, steps may be negative. */
  | { readonly op: 'slice'; readonly starts: readonly number[]; readonly steps: readonly number[] }
  /**
   * Nearest-neighbour resize of `[C, H, W]`: output row `y` copies input row `rows[y]`, column `x` copies `columns[x]`.
   */
  | { readonly op: 'resizeNearest'; readonly rows: readonly number[]; readonly columns: readonly number[] }
  /** ONNX DepthToSpace of `[C, H, W]`; PyTorch's PixelShuffle is mode CRD. */
  | { readonly op: 'depthToSpace'; readonly block: number; readonly mode: 'DCR' | 'CRD' }
  /** Element-wise x². */
  | { readonly op: 'square' }
  /** Element-wise product of two values of one shape. */
  | { readonly op: 'multiply' }
  /** Element-wise Σ coefficients[i]·x^i, exact. */
  | { readonly op: 'polynomial'; readonly coefficients: readonly number[] }
  /** A function that the scheme can only approximate by a polynomial (compiler) or leave to the client. */
  | { readonly op: 'activation'; readonly function: Activation }
  /** For the client alone: the scheme cannot do it. Padding never wins; windows as in averagePool. */
  | {
      readonly op: 'maxPool';
      readonly kernel: readonly [number, number];
      readonly strides: readonly [number, number];
      readonly pads: readonly [number, number, number, number];
      readonly dilations: readonly [number, number];
    }
  | { readonly op: 'softmax'; readonly axis: number; readonly log: boolean }
  /**
   * Every `count` elements in a row (C order) less their mean, divided by √(their variance + epsilon): what layer, group and
   * instance normalisation have in common. For the client alone.
   */
  | { readonly op: 'normalize'; readonly count: number; readonly epsilon: number }
  /** Index of the first largest value along `axis`, whose size becomes 1. */
  | { readonly op: 'argmax'; readonly axis: number }
  /**
   * Each value as a whole number, see `castValue`. With `slack`, values this near to a whole number count as that number:
   * the compiler allows for what encryption adds to a value, which must not decide between 2 and 3.
   */
  | { readonly op: 'cast'; readonly to: WholeType; readonly slack?: number };

/** Types of whole numbers that values are cast to; a bool is 0 or 1. */
export type WholeType =
  'bool' | 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64';

/** Element-wise functions with their parameters. */
export type Activation =
  | { readonly kind: 'relu' }
  | { readonly kind: 'leakyRelu'; readonly slope: number }
  /** One slope per channel (axis 0), or a single one. */
  | { readonly kind: 'prelu'; readonly slopes: readonly number[] }
  | { readonly kind: 'sigmoid' }
  | { readonly kind: 'tanh' }
  | { readonly kind: 'softplus' }
  | { readonly kind: 'silu' }
  | { readonly kind: 'hardSwish' }
  | { readonly kind: 'hardSigmoid'; readonly alpha: number; readonly beta: number }
  | { readonly kind: 'clip'; readonly low: number; readonly high: number }
  /** gain · x for x ≥ 0, gain · alpha · (exp(x / width) − 1) below: Elu (gain and width 1), Selu and Celu (width alpha). */
  | { readonly kind: 'elu'; readonly gain: number; readonly alpha: number; readonly width: number }
  /** x · Φ(x), or its approximation by a tanh. */
  | { readonly kind: 'gelu'; readonly tanh: boolean }
  | { readonly kind: 'mish' }
  | { readonly kind: 'erf' }
  | { readonly kind: 'exp' }
  | { readonly kind: 'abs' }
  /** Square root; 0 for negative numbers. */
  | { readonly kind: 'sqrt' }
  /** x / (1 + |x|) */
  | { readonly kind: 'softsign' }
  /**
   * The nearest multiple of `scale`, its factor held to `low … high`: what quantising and dequantising leave of a value.
   * Halves go to even numbers.
   */
  | {
      readonly kind: 'quantize';
      readonly scale: number;
      readonly low: number;
      readonly high: number;
      readonly rounding: 'even' | 'floor' | 'ceil';
    };

/** One layer as the model file counts them; importers may use several nodes for it, or none. */
export interface LayerMark {
  /** Position in the file, from 0: an `nn.Sequential` layer or an ONNX node that works on data. */
  readonly index: number;
  /** The file's name for it: a PyTorch module path or an ONNX node name. */
  readonly name: string;
  /** The file's type for it: `Conv2d`, `Gemm`, … */
  readonly type: string;
  /** The value it computes: a node's, or an earlier one where the layer does nothing. */
  readonly output: ValueId;
}

/** A network with one input and one output, nodes in an order in which each only uses earlier values. */
export interface Graph {
  readonly name: string;
  readonly input: { readonly id: ValueId; readonly shape: Shape };
  readonly nodes: readonly Node[];
  readonly output: ValueId;
  /** The model file's own layers, where an importer knows them; those fused into others are left out. */
  readonly layers?: readonly LayerMark[];
}

/** Number of elements of `shape` (1 for a scalar). */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The operation of `Node` named `Name`, with its own fields. */
export type NodeOf<Name extends Operation['op']> = Extract<Node, { op: Name }>;

// Layers that slide a window, added to a graph with their shapes worked out and checked. Shared by all importers.
import { SealedError } from '../base/errors.ts';
import type { Operation, Shape, Tensor, ValueId } from '../model/graph.ts';
import type { GraphBuilder } from './graph-builder.ts';

/** `[vertical, horizontal]`. */
export type Pair = readonly [number, number];

/** `[top, left, bottom, right]`. */
export type Pads = readonly [number, number, number, number];

/** How a window moves over `[C, H, W]`. */
export interface Window {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly pads: Pads;
  readonly dilations: Pair;
  /** Whether a last window may hang over the padded end, as long as it starts before it. */
  readonly ceilMode?: boolean;
}

/**
 * Number of window positions along both axes of `[C, H, W]`. In ceil mode a window that would start in the end padding
 * is left out (PyTorch's rule, taken over by ONNX).
 * @throws SealedError `malformed-model` for sizes that are not positive whole numbers or a window larger than its input.
 */
function windowCounts(shape: Shape, window: Window): [number, number] {
  checkWindow(window);
  const count = (axis: 0 | 1): number => {
    const size = shape[1 + axis];
    const [before, after] = [window.pads[axis], window.pads[axis + 2]];
    const extent = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
    const free = size + before + after - extent;
    const stride = window.strides[axis];
    if (free < 0) {
      throw new SealedError(
        'malformed-model',
        `A window of ${extent} does not fit into ${size} with its padding.`,
        {
          stage: 'model',
        },
      );
    }
    if (!window.ceilMode) return Math.floor(free / stride) + 1;
    const ceiled = Math.ceil(free / stride) + 1;
    return (ceiled - 1) * stride >= size + before ? ceiled - 1 : ceiled;
  };
  return [count(0), count(1)];
}

/** Weights and movement of a convolution. */
export interface ConvolutionOptions extends Window {
  readonly weight: Tensor;
  readonly bias?: Tensor;
  readonly groups: number;
}

/** Adds a convolution over `[C, H, W]`; `malformed-model` where weight, groups and channels disagree. */
export function addConvolution(builder: GraphBuilder, x: ValueId, options: ConvolutionOptions): ValueId {
  const { weight, bias, groups, strides, pads, dilations } = options;
  const shape = spatialShape(builder, x);
  const [out, groupIn] = weight.shape;
  checkChannels(groups >= 1 && groupIn * groups === shape[0] && out % groups === 0, shape, weight, groups);
  checkBias(bias, out);
  const [height, width] = windowCounts(shape, options);
  const operation: Operation = {
    op: 'conv2d',
    weight,
    ...(bias && { bias }),
    strides,
    pads,
    dilations,
    groups,
  };
  return builder.add(operation, [x], [out, height, width]);
}

/** Adds a transposed convolution over `[C, H, W]` with `outputPadding` extra rows and columns at the end. */
export function addTransposedConvolution(
  builder: GraphBuilder,
  x: ValueId,
  options: ConvolutionOptions & { readonly outputPadding: Pair },
): ValueId {
  const { weight, bias, groups, strides, pads, dilations, outputPadding } = options;
  checkWindow(options);
  const shape = spatialShape(builder, x);
  const [channels, groupOut] = weight.shape;
  checkChannels(groups >= 1 && channels === shape[0] && channels % groups === 0, shape, weight, groups);
  const out = groupOut * groups;
  checkBias(bias, out);
  const size = (axis: 0 | 1): number =>
    (shape[1 + axis] - 1) * strides[axis] -
    pads[axis] -
    pads[axis + 2] +
    (options.kernel[axis] - 1) * dilations[axis] +
    1 +
    outputPadding[axis];
  const operation: Operation = {
    op: 'convTranspose2d',
    weight,
    ...(bias && { bias }),
    strides,
    pads,
    dilations,
    groups,
  };
  return builder.add(operation, [x], [out, size(0), size(1)]);
}

/** Adds an average pool over `[C, H, W]`. Dilated ones become a depthwise convolution where the divisor is constant. */
export function addAveragePool(
  builder: GraphBuilder,
  x: ValueId,
  window: Window & { readonly countIncludePad: boolean },
): ValueId {
  const { kernel, strides, pads, countIncludePad } = window;
  const shape = spatialShape(builder, x);
  if (window.dilations.some((dilation) => dilation !== 1)) {
    if (window.ceilMode || (!countIncludePad && pads.some((pad) => pad !== 0))) {
      throw new SealedError(
        'unsupported-layer',
        'a dilated average with ceil mode or uncounted padding is not supported: use a convolution of equal weights.',
        { stage: 'model' },
      );
    }
    const area = kernel[0] * kernel[1];
    const weight = builder.tensor([shape[0], 1, ...kernel], new Float32Array(shape[0] * area).fill(1 / area));
    return addConvolution(builder, x, { ...window, weight, groups: shape[0] });
  }
  const [height, width] = windowCounts(shape, window);
  return builder.add(
    { op: 'averagePool', kernel, strides, pads, countIncludePad },
    [x],
    [shape[0], height, width],
  );
}

/** Adds a maximum pool over `[C, H, W]`. */
export function addMaxPool(builder: GraphBuilder, x: ValueId, window: Window): ValueId {
  const { kernel, strides, pads, dilations } = window;
  const shape = spatialShape(builder, x);
  const [height, width] = windowCounts(shape, window);
  return builder.add({ op: 'maxPool', kernel, strides, pads, dilations }, [x], [shape[0], height, width]);
}

function spatialShape(builder: GraphBuilder, x: ValueId): Shape {
  const shape = builder.shapeOf(x);
  if (shape.length !== 3) {
    throw new SealedError(
      'malformed-model',
      `Expected channels × height × width, not ${shape.join('×') || 'a scalar'}.`,
      {
        stage: 'model',
      },
    );
  }
  return shape;
}

function checkWindow({ kernel, strides, pads, dilations }: Window): void {
  const whole = (least: number) => (value: number) =>
    Number.isSafeInteger(value) && value >= least && value < 2 ** 31;
  const sound = [...kernel, ...strides, ...dilations].every(whole(1)) && pads.every(whole(0));
  if (!sound) {
    throw new SealedError(
      'malformed-model',
      'Kernel, strides, dilations and pads must be whole and positive.',
      {
        stage: 'model',
      },
    );
  }
}

function checkChannels(sound: boolean, shape: Shape, weight: Tensor, groups: number): void {
  if (sound && weight.shape.length === 4) return;
  throw new SealedError(
    'malformed-model',
    `A weight of ${weight.shape.join('×')} in ${groups} groups does not fit an input of ${shape.join('×')}.`,
    { stage: 'model' },
  );
}

function checkBias(bias: Tensor | undefined, channels: number): void {
  if (!bias || bias.data.length === channels) return;
  throw new SealedError(
    'malformed-model',
    `The bias has ${bias.data.length} values for ${channels} outputs.`,
    {
      stage: 'model',
    },
  );
}

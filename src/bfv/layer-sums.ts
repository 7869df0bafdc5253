// What each output of a layer is a sum of, for BFV, which has sums of multiples and products alone.
import { SealedError } from '../base/errors.ts';
import { elementCount, type Node, type NodeOf, type Shape } from '../model/graph.ts';

/** The error for a layer that BFV has no way to compute. */
export function unsupported(node: Node, why: string): SealedError {
  const message = `Layer '${node.id}' (${node.op}): ${why} BFV runs convolutions, linear layers, average pools and squares in one chain; run this network in CKKS ("sets").`;
  return new SealedError('unsupported-layer', message, { stage: 'model', detail: { op: node.op } });
}

/** What a sum reads: one tap of a window, or one column of a matrix. */
export interface Tap {
  readonly weight: number;
  /** The element read for `element` of the output, −1 in the padding. */
  readonly source: (element: number) => number;
}

/** A layer of sums, output by output. */
export interface SumRule {
  /** Whether the weights are a network's; those of a pooling are ones. */
  readonly weighted: boolean;
  /** What the sum of an output's channel reads, and what is added. */
  readonly of: (element: number) => { taps: readonly Tap[]; bias: number };
  /** What the sum of an output is divided by. */
  readonly divisorOf: (element: number) => number;
}

const UNDIVIDED = (): number => 1;

/**
 * The sums of `node`, whose input has the shape `input`. Elements count through all pictures.
 * @throws SealedError `unsupported-layer` naming the layer
 */
export function sumRule(node: Node, input: Shape): SumRule {
  if (node.op === 'linear') return linearRule(node, input);
  if (node.op === 'averagePool') return poolRule(node, input);
  if (node.op !== 'conv2d') throw unsupported(node, 'not done here.');
  const { weight, bias, groups } = node;
  const [outputs, perGroup, rows, columns] = weight.shape;
  const window = windowRule(node.shape, input, { ...node, kernel: [rows, columns] });
  const of = (element: number): ReturnType<SumRule['of']> => {
    const channel = window.channelOf(element);
    const first = Math.floor(channel / (outputs / groups)) * perGroup;
    const weightAt = (tap: number): number => weight.data[channel * perGroup * rows * columns + tap];
    return { bias: bias?.data[channel] ?? 0, taps: window.taps(weightAt, first, perGroup) };
  };
  return { weighted: true, of, divisorOf: UNDIVIDED };
}

/** Windows that reach into padding are divided as PyTorch does (src/model/operators/pooling.ts). */
function poolRule(node: NodeOf<'averagePool'>, input: Shape): SumRule {
  const { kernel, strides, pads, countIncludePad } = node;
  const [, outHeight, outWidth] = node.shape;
  const window = windowRule(node.shape, input, { kernel, strides, pads, dilations: [1, 1] });
  const extent = (at: number, axis: 0 | 1): number => {
    const [first, size] = [at * strides[axis] - pads[axis], input[axis + 1]];
    if (countIncludePad) return Math.min(first + kernel[axis], size + pads[axis + 2]) - first;
    return Math.min(first + kernel[axis], size) - Math.max(first, 0);
  };
  return {
    weighted: false,
    of: (element) => ({ bias: 0, taps: window.taps(() => 1, window.channelOf(element), 1) }),
    divisorOf: (element) => {
      const position = element % (outHeight * outWidth);
      return extent(Math.floor(position / outWidth), 0) * extent(position % outWidth, 1);
    },
  };
}

function linearRule(node: Extract<Node, { op: 'linear' }>, input: Shape): SumRule {
  if (input.length !== 1) throw unsupported(node, `its input has ${input.length} axes, not one.`);
  const [outputs, width] = node.weight.shape;
  const of = (element: number): ReturnType<SumRule['of']> => {
    const channel = element % outputs;
    const taps = Array.from({ length: width }, (_, i) => ({
      weight: node.weight.data[channel * width + i],
      source: (at: number): number => Math.floor(at / outputs) * width + i,
    }));
    return { taps, bias: node.bias?.data[channel] ?? 0 };
  };
  return { weighted: true, of, divisorOf: UNDIVIDED };
}

interface Window {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
}

/** The taps of a window that slides over planes of `input` to planes of `output`. */
function windowRule(output: Shape, input: Shape, { kernel, strides, pads, dilations }: Window) {
  const [, outHeight, outWidth] = output;
  const [, height, width] = input;
  const [outCount, count, plane] = [elementCount(output), elementCount(input), outHeight * outWidth];
  const channelOf = (element: number): number => Math.floor((element % outCount) / plane);
  const taps = (weightAt: (tap: number) => number, first: number, channels: number): Tap[] =>
    Array.from({ length: channels * kernel[0] * kernel[1] }, (_, tap) => {
      const column = tap % kernel[1];
      const row = Math.floor(tap / kernel[1]) % kernel[0];
      const channel = first + Math.floor(tap / (kernel[0] * kernel[1]));
      const source = (element: number): number => {
        const position = element % plane;
        const y = Math.floor(position / outWidth) * strides[0] - pads[0] + row * dilations[0];
        const x = (position % outWidth) * strides[1] - pads[1] + column * dilations[1];
        if (y < 0 || y >= height || x < 0 || x >= width) return -1;
        return Math.floor(element / outCount) * count + (channel * height + y) * width + x;
      };
      return { weight: weightAt(tap), source };
    });
  return { channelOf, taps };
}

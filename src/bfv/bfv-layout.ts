// Which values share a BFV ciphertext, so that every layer is sums of scalar multiples of ciphertexts: no rotations.
import { SealedError } from '../base/errors.ts';
import { elementCount, type Graph, type Node, type Shape } from '../model/graph.ts';

/**
 * The values of one ciphertext: for each place the element of a tensor, counted through all pictures; −1 is a zero. All
 * places of a ciphertext are worked on alike.
 */
export type Places = Int32Array;

/** `weight` times ciphertext `from` of the layer before. */
export interface Term {
  readonly from: number;
  readonly weight: number;
}

/** One ciphertext of a layer: the terms of its sum and what is added in every place. */
export interface LayerCiphertext {
  readonly places: Places;
  readonly terms: readonly Term[];
  readonly bias: number;
}

/** A layer: sums of multiples of the ciphertexts before, or their squares, one by one. */
export interface LayerStep {
  readonly node: Node;
  readonly kind: 'sums' | 'squares' | 'same';
  /** Whether the weights are a network's, in fixed point; those of a pooling are ones, and its area is in the scale. */
  readonly weighted: boolean;
  /** What the layer's values are multiplied by besides the weights' scale: the area of a pooling. */
  readonly gain: number;
  readonly ciphertexts: readonly LayerCiphertext[];
}

/** How a network is laid out for some pictures. */
export interface BfvLayout {
  readonly inputs: readonly Places[];
  readonly steps: readonly LayerStep[];
}

/** Ciphertexts of one layer; more would take minutes and gigabytes. */
const MOST_CIPHERTEXTS = 20_000;

function unsupported(node: Node, why: string): SealedError {
  const message = `Layer '${node.id}' (${node.op}): ${why} BFV runs convolutions, linear layers, average pools and squares in one chain; run this network in CKKS ("sets").`;
  return new SealedError('unsupported-layer', message, { stage: 'model', detail: { op: node.op } });
}

/** The distinct ciphertexts that a layer reads, found by what is in their places. */
class Wanted {
  readonly places: Places[] = [];
  readonly #known = new Map<string, number>();

  index(places: Places): number {
    const key = places.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.places.length);
    return this.places.push(places) - 1;
  }
}

/**
 * Lays out `graph` for `pictures` inputs, from its output back: a place of a ciphertext is one position of the last
 * layer's plane in one picture, and a layer before has a ciphertext for every channel and offset that is read.
 * @param capacity places of a ciphertext
 * @throws SealedError `unsupported-layer` naming the layer; `does-not-fit`
 */
export function layOut(graph: Graph, pictures: number, capacity: number): BfvLayout {
  const steps: LayerStep[] = [];
  const last = graph.nodes.at(-1);
  if (!last) throw new SealedError('invalid-argument', 'There is no layer to run.', { stage: 'model' });
  let wanted = planes(last.shape, pictures, capacity);
  for (let at = graph.nodes.length - 1; at >= 0; at -= 1) {
    const node = graph.nodes[at];
    const before = graph.nodes[at - 1] ?? graph.input;
    if (node.inputs.length !== 1 || node.inputs[0] !== before.id)
      throw unsupported(node, 'it reads more than the layer before it.');
    const inputs = new Wanted();
    steps.unshift(stepOf(node, before.shape, wanted, inputs));
    wanted = inputs.places;
    if (wanted.length > MOST_CIPHERTEXTS) {
      const message = `Layer '${node.id}' would read ${wanted.length} ciphertexts. Test fewer layers.`;
      throw new SealedError('does-not-fit', message, { stage: 'model' });
    }
  }
  return { inputs: wanted, steps };
}

/** One ciphertext for each channel, with the plane's positions in all pictures; several where they are too many. */
function planes(shape: Shape, pictures: number, capacity: number): Places[] {
  const count = elementCount(shape);
  const plane = shape.length === 3 ? shape[1] * shape[2] : 1;
  const found: Places[] = [];
  for (let channel = 0; channel < count / plane; channel += 1) {
    const all = Int32Array.from(
      { length: pictures * plane },
      (_, i) => Math.floor(i / plane) * count + channel * plane + (i % plane),
    );
    for (let from = 0; from < all.length; from += capacity) found.push(all.slice(from, from + capacity));
  }
  return found;
}

function stepOf(node: Node, input: Shape, wanted: readonly Places[], inputs: Wanted): LayerStep {
  const alike = (kind: 'squares' | 'same'): LayerStep => ({
    node,
    kind,
    weighted: false,
    gain: 1,
    ciphertexts: wanted.map((places) => ({
      places,
      terms: [{ from: inputs.index(places), weight: 1 }],
      bias: 0,
    })),
  });
  if (node.op === 'square') return alike('squares');
  if (node.op === 'reshape') return alike('same');
  const rule = sumRule(node, input);
  return {
    node,
    kind: 'sums',
    weighted: rule.weighted,
    gain: rule.gain,
    ciphertexts: wanted.map((places) => {
      const { taps, bias } = rule.of(places.find((element) => element >= 0) ?? 0);
      const terms: Term[] = [];
      for (const { weight, source } of taps) {
        const read = places.map((element) => (element < 0 ? -1 : source(element)));
        // Padding in every place adds nothing.
        if (read.some((element) => element >= 0)) terms.push({ from: inputs.index(read), weight });
      }
      return { places, terms, bias };
    }),
  };
}

interface Tap {
  readonly weight: number;
  /** The element read for `element` of the output, −1 in the padding. */
  readonly source: (element: number) => number;
}

interface SumRule {
  readonly weighted: boolean;
  readonly gain: number;
  readonly of: (element: number) => { taps: readonly Tap[]; bias: number };
}

function sumRule(node: Node, input: Shape): SumRule {
  if (node.op === 'linear') return linearRule(node, input);
  if (node.op === 'averagePool') {
    const { kernel, strides, pads } = node;
    const [, height, width] = node.shape;
    const within = (size: number, axis: 0 | 1): boolean =>
      (size - 1) * strides[axis] + kernel[axis] <= input[axis + 1];
    if (pads.some((pad) => pad !== 0) || !within(height, 0) || !within(width, 1))
      throw unsupported(node, 'its windows reach into padding.');
    const window = windowRule(node.shape, input, { kernel, strides, pads, dilations: [1, 1] });
    const of = (element: number): ReturnType<SumRule['of']> => {
      const channel = window.channelOf(element);
      return { bias: 0, taps: window.taps(() => 1, channel, 1) };
    };
    return { weighted: false, gain: kernel[0] * kernel[1], of };
  }
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
  return { weighted: true, gain: 1, of };
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
  return { weighted: true, gain: 1, of };
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

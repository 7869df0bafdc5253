// Reads a graph as an alternation of channel maps and squares; says which layer does not fit that form.
import { SealedError } from '../../base/errors.ts';
import {
  elementCount,
  type Graph,
  type Node,
  type NodeOf,
  type Tensor,
  type ValueId,
} from '../../model/graph.ts';
import type { PatchLayout } from '../../plan/layout.ts';
import type { FinishOperation } from '../../plan/model-card.ts';
import type { ChannelMap, Weight } from './channel-map.ts';

/** The taps of the leading convolution, without the block shape that the packing adds. */
export type Patches = Omit<PatchLayout, 'kind' | 'blocks'>;

/** A linear step is one map, or several in a row that are cheaper apart. */
export type ProgramStep =
  | { readonly kind: 'linear'; readonly maps: readonly ChannelMap[] }
  | { readonly kind: 'square'; readonly layers: readonly string[]; readonly channels: number };

/** A network in channel form: patches of the input, then steps, then renamings for the client. */
export interface ChannelProgram {
  readonly name: string;
  readonly patches: Patches;
  readonly steps: readonly ProgramStep[];
  /** Shape of the last step's output, `[C, rows, columns]`. */
  readonly outputShape: readonly [number, number, number];
  readonly finish: readonly FinishOperation[];
}

/** A value as maps applied, in order, to what step `base` put out (−1: the patches). */
interface Value {
  readonly base: number;
  readonly maps: readonly ChannelMap[];
}

function unsupported(node: Node, message: string): SealedError {
  return new SealedError('unsupported-layer', `Layer ${node.id} (${node.op}): ${message}`, {
    stage: 'compile',
    detail: { layer: node.id, op: node.op },
  });
}

/** The constant as one weight a channel: a number where it does not vary over positions. */
function channelWeights(node: Node, constant: Tensor, channels: number, positions: number): Weight[] {
  const { shape, data } = constant;
  const count = elementCount(shape);
  if (count === 1) return Array<Weight>(channels).fill(data[0]);
  const perChannel = shape.length === 3 && shape[0] === channels;
  if (perChannel && count === channels) return [...data];
  if (perChannel && count === channels * positions) {
    return Array.from({ length: channels }, (_, c) => {
      const field = data.subarray(c * positions, (c + 1) * positions);
      return field.every((value) => value === field[0]) ? field[0] : field;
    });
  }
  throw unsupported(
    node,
    `a constant of shape [${shape.join(', ')}] does not broadcast over channels and positions.`,
  );
}

/** Maps row o to input o with `weight(o)` and `bias(o)`. */
function diagonalMap(
  layer: string,
  channels: number,
  positions: number,
  weight: (o: number) => Weight,
  bias: (o: number) => Weight,
): ChannelMap {
  const rows = Array.from({ length: channels }, (_, o) => ({
    terms: [{ input: o, weight: weight(o) }],
    bias: bias(o),
  }));
  return { layers: [layer], inputs: channels, positions, rows };
}

/** A convolution as a map from its taps (`input channel · kernel size + tap`) to its output channels. */
function tapMap(node: NodeOf<'conv2d'>, positions: number): ChannelMap {
  const [outputs, perGroup, kh, kw] = node.weight.shape as [number, number, number, number];
  const taps = perGroup * kh * kw;
  const rows = Array.from({ length: outputs }, (_, o) => {
    const group = Math.floor(o / (outputs / node.groups));
    const terms = Array.from({ length: taps }, (_, t) => ({
      input: group * taps + t,
      weight: node.weight.data[o * taps + t],
    }));
    return { terms: terms.filter((term) => term.weight !== 0), bias: node.bias?.data[o] ?? 0 };
  });
  return { layers: [node.id], inputs: taps * node.groups, positions, rows };
}

function isPointwise(node: NodeOf<'conv2d'>): boolean {
  const ones = (pair: readonly number[]): boolean => pair.every((n) => n === 1);
  return (
    node.weight.shape[2] === 1 &&
    node.weight.shape[3] === 1 &&
    ones(node.strides) &&
    node.pads.every((p) => p === 0)
  );
}

/** What the leading convolution reads, tap by tap. */
function patchesOf(node: NodeOf<'conv2d'>, inputShape: readonly [number, number, number]): Patches {
  const [, perGroup, kh, kw] = node.weight.shape as [number, number, number, number];
  const taps = [];
  for (let channel = 0; channel < perGroup * node.groups; channel += 1) {
    for (let y = 0; y < kh; y += 1) {
      for (let x = 0; x < kw; x += 1) {
        taps.push({
          channel,
          dy: y * node.dilations[0] - node.pads[0],
          dx: x * node.dilations[1] - node.pads[1],
        });
      }
    }
  }
  return { shape: inputShape, taps, positions: [node.shape[1], node.shape[2]], strides: node.strides };
}

function nothingToRun(): SealedError {
  return new SealedError('unsupported-layer', 'The network has no layer to run.', { stage: 'compile' });
}

/**
 * `graph` in channel form.
 * @throws SealedError `unsupported-layer` naming the layer that does not fit
 */
export function channelProgram(graph: Graph): ChannelProgram {
  return new ProgramReader(graph).read();
}

class ProgramReader {
  readonly #graph: Graph;
  readonly #values = new Map<ValueId, Value>();
  readonly #steps: ProgramStep[] = [];
  readonly #finish: FinishOperation[] = [];
  #patches: Patches | undefined;
  #positions = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  read(): ChannelProgram {
    for (const node of this.#graph.nodes) {
      if (this.#finish.length > 0)
        throw unsupported(node, 'nothing can follow a depth-to-space but the end.');
      this.#values.set(node.id, this.#patches ? this.#visit(node) : this.#first(node));
    }
    // Its output may be its input: a network of renamings alone.
    if (this.#graph.output === this.#graph.input.id) throw nothingToRun();
    const last = this.#value(this.#graph.output);
    const end = this.#graph.nodes.at(-1);
    if (end && end.id !== this.#graph.output && (!this.#isCurrent(last) || this.#finish.length > 0)) {
      throw unsupported(end, 'its result is not the output, and the output does not depend on it.');
    }
    if (last.maps.length > 0) this.#steps.push({ kind: 'linear', maps: last.maps });
    if (!this.#patches || this.#steps.length === 0) throw nothingToRun();
    const lastStep = this.#steps.at(-1);
    const channels = lastStep.kind === 'square' ? lastStep.channels : lastStep.maps.at(-1)!.rows.length;
    return {
      name: this.#graph.name,
      patches: this.#patches,
      steps: this.#steps,
      outputShape: [channels, ...this.#patches.positions],
      finish: this.#finish,
    };
  }

  #value(id: ValueId): Value {
    const value = this.#values.get(id);
    if (!value) throw new SealedError('malformed-model', `Value ${id} is used before it is computed.`);
    return value;
  }

  /** Whether `value` comes after every square read so far. */
  #isCurrent(value: Value): boolean {
    return value.base === this.#steps.length - 1;
  }

  /** Number of channels of `value`. */
  #width({ base, maps }: Value): number {
    const step = this.#steps[base];
    return maps.at(-1)?.rows.length ?? (step?.kind === 'square' ? step.channels : 0);
  }

  #first(node: Node): Value {
    const { shape } = this.#graph.input;
    if (node.op !== 'conv2d' || shape.length !== 3) {
      throw unsupported(node, 'the network must begin with a convolution over [channels, height, width].');
    }
    this.#patches = patchesOf(node, shape as [number, number, number]);
    this.#positions = this.#patches.positions[0] * this.#patches.positions[1];
    return { base: -1, maps: [tapMap(node, this.#positions)] };
  }

  #visit(node: Node): Value {
    const inputs = node.inputs.map((id) => this.#value(id));
    const input = inputs[0];
    const positions = this.#positions;
    const channels = node.shape[0];
    const isConstant = node.op === 'mulConstant' || node.op === 'addConstant';
    if (isConstant && channels !== this.#width(input)) {
      throw unsupported(node, 'a constant that makes more channels than it is given is not supported.');
    }
    switch (node.op) {
      case 'conv2d':
        if (!isPointwise(node))
          throw unsupported(node, 'only the first convolution may look at neighbours here.');
        return append(input, tapMap(node, positions));
      case 'mulConstant': {
        const weights = channelWeights(node, node.constant, channels, positions);
        return append(
          input,
          diagonalMap(
            node.id,
            channels,
            positions,
            (o) => weights[o],
            () => 0,
          ),
        );
      }
      case 'addConstant': {
        const weights = channelWeights(node, node.constant, channels, positions);
        return append(
          input,
          diagonalMap(
            node.id,
            channels,
            positions,
            () => 1,
            (o) => weights[o],
          ),
        );
      }
      case 'concat':
        return this.#concat(node, inputs);
      case 'square':
        return this.#square(node, input, channels);
      case 'depthToSpace':
        if (node.mode !== 'CRD') throw unsupported(node, 'use mode CRD (PixelShuffle).');
        this.#finish.push({ op: 'depthToSpace', block: node.block });
        return input;
      default:
        throw unsupported(node, 'this layer is not position-wise.');
    }
  }

  #concat(node: Node & { readonly op: 'concat' }, inputs: readonly Value[]): Value {
    if (node.axis !== 0) throw unsupported(node, 'only channels (axis 0) can be joined.');
    const first = inputs[0];
    const width = this.#width(first);
    if (!inputs.every((value) => value === first)) {
      throw unsupported(node, 'only copies of one value can be joined.');
    }
    const rows = inputs.flatMap(() =>
      Array.from({ length: width }, (_, o) => ({ terms: [{ input: o, weight: 1 }], bias: 0 })),
    );
    return append(first, { layers: [node.id], inputs: width, positions: this.#positions, rows });
  }

  #square(node: Node, input: Value, channels: number): Value {
    if (!this.#isCurrent(input)) throw unsupported(node, 'branches across a square are not supported.');
    if (input.maps.length > 0) this.#steps.push({ kind: 'linear', maps: input.maps });
    this.#steps.push({ kind: 'square', layers: [node.id], channels });
    return { base: this.#steps.length - 1, maps: [] };
  }
}

function append(value: Value, map: ChannelMap): Value {
  return { base: value.base, maps: [...value.maps, map] };
}

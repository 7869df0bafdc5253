// Layer graphs as bytes: every operation and activation, canonical and bounded.
import { type Codec, malformed, unencodable } from '../base/codec.ts';
import {
  bool,
  byteUpTo,
  extended,
  finite,
  i32,
  list,
  mapped,
  nameOf,
  omittable,
  record,
  text,
  tuple,
  u32,
  union,
  wordUpTo,
} from '../base/codecs.ts';
import { float32Array } from '../base/number-arrays.ts';
import {
  type Activation,
  elementCount,
  type Graph,
  type LayerMark,
  type Node,
  type NodeOf,
  type Operation,
  type Shape,
  type Tensor,
  type WholeType,
} from './graph.ts';

const MOST_AXES = 16;
const MOST_WEIGHTS = 2 ** 26;
const MOST_NODES = 2 ** 16;
/** Entries of a list that goes with an axis: rows of a resize, slopes of a PRelu. */
const MOST_ENTRIES = 2 ** 20;
const MOST_NAME_BYTES = 1024;

const name = text(MOST_NAME_BYTES);
const size = wordUpTo(2 ** 31 - 1, 1);
const axis = byteUpTo(MOST_AXES - 1);

/** Sizes of a tensor: at most 16 axes, each at least 1. */
export const shapeCodec: Codec<Shape> = list(size, MOST_AXES);

const tensor: Codec<Tensor> = mapped<Tensor, Tensor>(
  record<Tensor>({ shape: shapeCodec, data: float32Array(MOST_WEIGHTS) }),
  (value) => {
    if (value.data.length !== elementCount(value.shape))
      throw unencodable('A tensor has another size than its shape.');
    return value;
  },
  (value) => {
    if (value.data.length !== elementCount(value.shape))
      throw malformed('A tensor has another size than its shape.');
    return value;
  },
);

const sizePair = tuple(size, 2);
const pads = tuple(u32, 4);

type Convolution = Omit<NodeOf<'conv2d'>, keyof Node>;

const convolution = record<Convolution>({
  weight: tensor,
  bias: omittable(tensor),
  strides: sizePair,
  pads,
  dilations: sizePair,
  groups: size,
});

const nothing = record<object>({});

const activation: Codec<Activation> = union<Activation, 'kind'>('kind', {
  relu: [1, nothing],
  leakyRelu: [2, record({ slope: finite })],
  prelu: [3, record({ slopes: list(finite, MOST_ENTRIES) })],
  sigmoid: [4, nothing],
  tanh: [5, nothing],
  softplus: [6, nothing],
  silu: [7, nothing],
  hardSwish: [8, nothing],
  hardSigmoid: [9, record({ alpha: finite, beta: finite })],
  // A bound that is not there is an infinite one.
  clip: [10, record({ low: extended, high: extended })],
  elu: [11, record({ gain: finite, alpha: finite, width: finite })],
  gelu: [12, record({ tanh: bool })],
  mish: [13, nothing],
  erf: [14, nothing],
  exp: [15, nothing],
  abs: [16, nothing],
  sqrt: [17, nothing],
  softsign: [18, nothing],
  quantize: [
    19,
    record({
      scale: finite,
      low: extended,
      high: extended,
      rounding: nameOf({ even: 1, floor: 2, ceil: 3 }),
    }),
  ],
});

const wholeType = nameOf<WholeType>({
  bool: 1,
  int8: 2,
  uint8: 3,
  int16: 4,
  uint16: 5,
  int32: 6,
  uint32: 7,
  int64: 8,
  uint64: 9,
});

/** An operation without a codec here does not compile. The numbers never change. */
const operation: Codec<Operation> = union<Operation, 'op'>('op', {
  conv2d: [1, convolution],
  convTranspose2d: [2, convolution],
  linear: [3, record<{ weight: Tensor; bias?: Tensor }>({ weight: tensor, bias: omittable(tensor) })],
  averagePool: [4, record({ kernel: sizePair, strides: sizePair, pads, countIncludePad: bool })],
  mulConstant: [5, record({ constant: tensor })],
  addConstant: [6, record({ constant: tensor })],
  add: [7, nothing],
  subtract: [8, nothing],
  concat: [9, record({ axis })],
  reshape: [10, nothing],
  transpose: [11, record({ permutation: list(axis, MOST_AXES) })],
  pad: [12, record({ pads: list(tuple(u32, 2), MOST_AXES) })],
  slice: [13, record({ starts: list(u32, MOST_AXES), steps: list(i32, MOST_AXES) })],
  resizeNearest: [14, record({ rows: list(u32, MOST_ENTRIES), columns: list(u32, MOST_ENTRIES) })],
  depthToSpace: [15, record({ block: size, mode: nameOf({ DCR: 1, CRD: 2 }) })],
  square: [16, nothing],
  multiply: [17, nothing],
  polynomial: [18, record({ coefficients: list(finite, 256) })],
  activation: [19, record({ function: activation })],
  maxPool: [20, record({ kernel: sizePair, strides: sizePair, pads, dilations: sizePair })],
  softmax: [21, record({ axis, log: bool })],
  argmax: [22, record({ axis })],
  cast: [23, record<{ to: WholeType; slack?: number }>({ to: wholeType, slack: omittable(finite) })],
  normalize: [24, record({ count: size, epsilon: finite })],
});

/** A node whose inputs are numbers of values: 0 is the graph's input, i + 1 the output of node i. */
interface StoredNode {
  readonly id: string;
  readonly inputs: readonly number[];
  readonly shape: Shape;
  readonly operation: Operation;
}

interface StoredGraph {
  readonly name: string;
  readonly input: Graph['input'];
  readonly nodes: readonly StoredNode[];
  readonly output: number;
  readonly layers?: readonly LayerMark[];
}

const stored = record<StoredGraph>({
  name,
  input: record({ id: name, shape: shapeCodec }),
  nodes: list(
    record<StoredNode>({ id: name, inputs: list(u32, MOST_NODES), shape: shapeCodec, operation }),
    MOST_NODES,
  ),
  output: u32,
  layers: omittable(list(record<LayerMark>({ index: u32, name, type: name, output: name }), MOST_NODES)),
});

function store(graph: Graph): StoredGraph {
  const numbers = new Map([[graph.input.id, 0]]);
  const numberOf = (id: string): number => {
    const number = numbers.get(id);
    if (number === undefined) throw unencodable(`The graph uses '${id}' before it is computed.`);
    return number;
  };
  const nodes = graph.nodes.map(({ id, inputs, shape, ...rest }, index): StoredNode => {
    if (numbers.has(id)) throw unencodable(`The graph computes '${id}' twice.`);
    const read = inputs.map(numberOf);
    numbers.set(id, index + 1);
    return { id, inputs: read, shape, operation: rest };
  });
  const { name: called, input, output, layers } = graph;
  return { name: called, input, nodes, output: numberOf(output), ...(layers && { layers }) };
}

function restore({ nodes: storedNodes, output, ...rest }: StoredGraph): Graph {
  const ids = [rest.input.id];
  const known = new Set(ids);
  const idOf = (number: number): string => {
    const id = ids[number];
    if (id === undefined) throw malformed(`The graph uses value ${number} before it is computed.`);
    return id;
  };
  const nodes = storedNodes.map(({ id, inputs, shape, operation: computes }, index): Node => {
    if (known.has(id)) throw malformed(`Node ${index} of the graph has the name of an earlier value.`);
    const node = { id, inputs: inputs.map(idOf), shape, ...computes };
    ids.push(id);
    known.add(id);
    return node;
  });
  return { ...rest, nodes, output: idOf(output) };
}

/**
 * A graph whose nodes only read earlier values, by construction. Shapes are not compared with operations: see
 * ./check-graph.ts.
 */
export const graphCodec: Codec<Graph> = mapped(stored, store, restore);

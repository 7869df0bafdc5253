// Whether a graph from outside is one that the executor can run: shapes that go with operations, and how much work it is.
import { SealedError } from '../base/errors.ts';
import {
  elementCount,
  type Graph,
  type Node,
  type NodeOf,
  type Shape,
  type Tensor,
  type ValueId,
} from './graph.ts';

/** What running a graph once takes. */
export interface GraphWork {
  /** Elements of all values, the input's among them. */
  readonly elements: number;
  /** Multiplications, comparisons or copies, about. */
  readonly operations: number;
}

class Fault extends Error {}

function need(condition: boolean, text: string): asserts condition {
  if (!condition) throw new Fault(text);
}

function isWhole(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least;
}

function needWhole(values: readonly number[], least: number, what: string): void {
  need(
    values.every((value) => isWhole(value, least)),
    `${what} must be whole numbers of at least ${least}`,
  );
}

function needShape(shape: Shape, expected: Shape): void {
  need(
    shape.length === expected.length && shape.every((size, axis) => size === expected[axis]),
    `its shape must be ${expected.join('×')}, not ${shape.join('×')}`,
  );
}

function needVolume(shape: Shape): asserts shape is readonly [number, number, number] {
  need(shape.length === 3, `it takes and gives three axes, not ${shape.length}`);
}

function needTensor({ shape, data }: Tensor, what: string): void {
  needWhole(shape, 1, `sizes of its ${what}`);
  need(data.length === elementCount(shape), `its ${what} has another size than its shape`);
}

function needAxis(axis: number, shape: Shape): void {
  need(isWhole(axis, 0) && axis < shape.length, `there is no axis ${axis} in ${shape.length}`);
}

interface Window {
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
}

function needWindow({ strides, pads, dilations }: Window, kernel: readonly number[]): void {
  needWhole([...kernel, ...strides, ...dilations], 1, 'kernel, strides and dilations');
  needWhole(pads, 0, 'pads');
}

/** Exact number of steps that a window makes on `axis` (0 vertical, 1 horizontal) of a padded input, not rounded. */
function steps(window: Window, kernel: readonly number[], input: Shape, axis: 0 | 1): number {
  const { strides, pads, dilations } = window;
  const covered = dilations[axis] * (kernel[axis] - 1) + 1;
  return (input[axis + 1] + pads[axis] + pads[axis + 2] - covered) / strides[axis] + 1;
}

function checkConvolution(node: NodeOf<'conv2d' | 'convTranspose2d'>, input: Shape): number {
  const { weight, bias, groups, shape } = node;
  needVolume(input);
  needVolume(shape);
  needTensor(weight, 'weight');
  need(weight.shape.length === 4, 'its weight must have four axes');
  needWhole([groups], 1, 'groups');
  const kernel = weight.shape.slice(2);
  needWindow(node, kernel);
  const [outputs, inputs] = [shape[0], input[0]];
  need(outputs % groups === 0 && inputs % groups === 0, 'its channels must divide into its groups');
  const channels = node.op === 'conv2d' ? [outputs, inputs / groups] : [inputs, outputs / groups];
  needShape(weight.shape, [...channels, ...kernel]);
  if (bias) {
    needTensor(bias, 'bias');
    need(bias.data.length === outputs, 'its bias must have one value per output channel');
  }
  for (const axis of [0, 1] as const) {
    if (node.op === 'conv2d') {
      const size = Math.floor(steps(node, kernel, input, axis));
      need(shape[axis + 1] === size, `it puts out ${size} and not ${shape[axis + 1]} on axis ${axis + 1}`);
      continue;
    }
    const { strides, pads, dilations } = node;
    const smallest =
      (input[axis + 1] - 1) * strides[axis] -
      pads[axis] -
      pads[axis + 2] +
      dilations[axis] * (kernel[axis] - 1) +
      1;
    const extra = shape[axis + 1] - smallest;
    need(
      extra >= 0 && extra < Math.max(strides[axis], dilations[axis]),
      `it cannot put out ${shape[axis + 1]} on axis ${axis + 1}`,
    );
  }
  const places = node.op === 'conv2d' ? shape : input;
  return weight.data.length * places[1] * places[2];
}

function checkPool(node: NodeOf<'averagePool' | 'maxPool'>, input: Shape): number {
  const { kernel, shape } = node;
  needVolume(input);
  needVolume(shape);
  const window = { dilations: [1, 1] as const, ...node };
  needWindow(window, kernel);
  need(shape[0] === input[0], 'it must keep its channels');
  for (const axis of [0, 1] as const) {
    const size = steps(window, kernel, input, axis);
    // Rounded up in ceil mode.
    need(
      shape[axis + 1] >= Math.floor(size) && shape[axis + 1] <= Math.ceil(size),
      `it cannot put out ${shape[axis + 1]} on axis ${axis + 1}`,
    );
  }
  return elementCount(shape) * kernel[0] * kernel[1];
}

function checkLinear({ weight, bias, shape }: NodeOf<'linear'>, input: Shape): number {
  needTensor(weight, 'weight');
  need(weight.shape.length === 2, 'its weight must have two axes');
  const [outputs, inputs] = weight.shape;
  need(input.at(-1) === inputs, `it takes ${inputs} features, not ${input.at(-1) ?? 'none'}`);
  if (bias) {
    needTensor(bias, 'bias');
    need(bias.data.length === outputs, 'its bias must have one value per feature');
  }
  needShape(shape, [...input.slice(0, -1), outputs]);
  return elementCount(shape) * inputs;
}

function checkConstant({ constant, shape }: NodeOf<'mulConstant' | 'addConstant'>, input: Shape): number {
  needTensor(constant, 'constant');
  const from = input.length - constant.shape.length;
  need(
    from >= 0 && constant.shape.every((size, axis) => size === 1 || size === input[from + axis]),
    'its constant does not broadcast against its input',
  );
  needShape(shape, input);
  return elementCount(shape);
}

function checkConcat({ axis, shape }: NodeOf<'concat'>, inputs: readonly Shape[]): number {
  const [first] = inputs;
  needAxis(axis, first);
  for (const input of inputs) needShape(input.with(axis, 0), first.with(axis, 0));
  const joined = inputs.reduce((sum, input) => sum + input[axis], 0);
  needShape(shape, first.with(axis, joined));
  return elementCount(shape);
}

function checkTranspose({ permutation, shape }: NodeOf<'transpose'>, input: Shape): number {
  need(
    permutation.length === input.length &&
      permutation.toSorted((a, b) => a - b).every((axis, i) => axis === i),
    'its permutation must name each axis once',
  );
  const moved = permutation.map((axis) => input[axis]);
  needShape(shape, moved);
  return elementCount(shape);
}

function checkPad({ pads, shape }: NodeOf<'pad'>, input: Shape): number {
  need(pads.length === input.length, 'it must have pads for each axis');
  needWhole(pads.flat(), 0, 'pads');
  const padded = input.map((size, axis) => size + pads[axis][0] + pads[axis][1]);
  needShape(shape, padded);
  return elementCount(shape);
}

function checkSlice({ starts, steps: by, shape }: NodeOf<'slice'>, input: Shape): number {
  need(
    starts.length === input.length && by.length === input.length && shape.length === input.length,
    'it must have a start, a step and a size for each axis',
  );
  for (const [axis, start] of starts.entries()) {
    const last = start + (shape[axis] - 1) * by[axis];
    need(
      isWhole(start, 0) && start < input[axis] && isWhole(last, 0) && last < input[axis],
      `it reads beyond axis ${axis}`,
    );
  }
  return elementCount(shape);
}

function checkResize({ rows, columns, shape }: NodeOf<'resizeNearest'>, input: Shape): number {
  needVolume(input);
  const isIn = (size: number) => (index: number) => isWhole(index, 0) && index < size;
  need(
    rows.every(isIn(input[1])) && columns.every(isIn(input[2])),
    'it copies rows or columns that are not there',
  );
  needShape(shape, [input[0], rows.length, columns.length]);
  return elementCount(shape);
}

function checkDepthToSpace({ block, shape }: NodeOf<'depthToSpace'>, input: Shape): number {
  needVolume(input);
  needWhole([block], 1, 'block');
  need(input[0] % block ** 2 === 0, 'its channels must divide into blocks');
  needShape(shape, [input[0] / block ** 2, input[1] * block, input[2] * block]);
  return elementCount(shape);
}

function checkActivation({ function: f, shape }: NodeOf<'activation'>, input: Shape): number {
  if (f.kind === 'prelu') {
    need(f.slopes.length === 1 || f.slopes.length === input[0], 'it must have one slope, or one per channel');
  }
  if (f.kind === 'elu') need(f.width !== 0, 'its width must not be 0');
  if (f.kind === 'quantize') need(f.scale > 0, 'its scale must be positive');
  needShape(shape, input);
  return elementCount(shape);
}

const INPUTS: Readonly<Partial<Record<Node['op'], number>>> = { add: 2, subtract: 2, multiply: 2 };

function checkNode(node: Node, inputs: readonly Shape[]): number {
  needWhole(node.shape, 1, 'sizes');
  if (node.op === 'concat') need(inputs.length > 0, 'it joins nothing');
  else need(inputs.length === (INPUTS[node.op] ?? 1), `it cannot have ${inputs.length} inputs`);
  const [input] = inputs;
  switch (node.op) {
    case 'conv2d':
    case 'convTranspose2d':
      return checkConvolution(node, input);
    case 'linear':
      return checkLinear(node, input);
    case 'averagePool':
    case 'maxPool':
      return checkPool(node, input);
    case 'mulConstant':
    case 'addConstant':
      return checkConstant(node, input);
    case 'add':
    case 'subtract':
    case 'multiply':
      for (const other of inputs) needShape(other, node.shape);
      return elementCount(input);
    case 'concat':
      return checkConcat(node, inputs);
    case 'reshape':
      need(elementCount(node.shape) === elementCount(input), 'it must keep its elements');
      return elementCount(input);
    case 'transpose':
      return checkTranspose(node, input);
    case 'pad':
      return checkPad(node, input);
    case 'slice':
      return checkSlice(node, input);
    case 'resizeNearest':
      return checkResize(node, input);
    case 'depthToSpace':
      return checkDepthToSpace(node, input);
    case 'square':
      needShape(node.shape, input);
      return elementCount(input);
    case 'polynomial':
      need(node.coefficients.length > 0, 'it has no coefficients');
      needShape(node.shape, input);
      return elementCount(input) * node.coefficients.length;
    case 'activation':
      return checkActivation(node, input);
    case 'softmax':
      needAxis(node.axis, input);
      needShape(node.shape, input);
      return elementCount(input);
    case 'normalize':
      needWhole([node.count], 1, 'count');
      need(elementCount(input) % node.count === 0, 'its elements must divide into its rows');
      need(
        node.epsilon > 0,
        'its epsilon must be above 0: a row of equal values would be divided by nothing',
      );
      needShape(node.shape, input);
      return 3 * elementCount(input);
    case 'argmax':
      needAxis(node.axis, input);
      needShape(node.shape, input.with(node.axis, 1));
      return elementCount(input);
    case 'cast':
      need((node.slack ?? 0) >= 0, 'its slack must not be negative');
      needShape(node.shape, input);
      return elementCount(input);
  }
}

/**
 * What running `graph` takes, if it is sound: every node reads earlier values, computed once, whose shapes go with its
 * operation and its own shape.
 * @throws SealedError `malformed-model`, naming the node
 */
export function checkGraph(graph: Graph): GraphWork {
  const shapes = new Map<ValueId, Shape>([[graph.input.id, graph.input.shape]]);
  let at = graph.input.id;
  try {
    needWhole(graph.input.shape, 1, 'sizes');
    let elements = elementCount(graph.input.shape);
    let operations = 0;
    for (const node of graph.nodes) {
      at = node.id;
      need(!shapes.has(node.id), 'it is computed twice');
      const inputs = node.inputs.map((id) => {
        const shape = shapes.get(id);
        need(shape !== undefined, `it uses '${id}', which is not computed before`);
        return shape;
      });
      operations += checkNode(node, inputs);
      elements += elementCount(node.shape);
      shapes.set(node.id, node.shape);
    }
    at = graph.output;
    need(shapes.has(graph.output), 'it is the output and not computed');
    return { elements, operations };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new SealedError('malformed-model', `The graph is not sound at ${at}: ${error.message}.`, {
      stage: 'model',
    });
  }
}

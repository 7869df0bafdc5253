// The float reference executor: what a graph computes, in float32 values with float64 accumulation.
import { SealedError } from '../base/errors.ts';
import { elementCount } from './graph.ts';
import type { Graph, Node, Tensor, ValueId } from './graph.ts';
import { cast } from './operators/cast.ts';
import { conv2d, convTranspose2d } from './operators/convolution.ts';
import {
  applyActivation,
  argmax,
  linear,
  normalize,
  pairwise,
  polynomial,
  softmax,
  withConstant,
} from './operators/elementwise.ts';
import { concat, depthToSpace, pad, resizeNearest, slice, transpose } from './operators/layout.ts';
import { averagePool, maxPool } from './operators/pooling.ts';

/** Options of {@link executeGraph}. */
export interface ExecuteOptions {
  /** Called after each node with its output, in execution order; the tensor must not be changed. */
  readonly onNode?: (node: Node, output: Tensor) => void;
}

/**
 * Runs `graph` on one input without batch axis and returns its output. The element count of `input` must be that of the
 * graph's input; the shapes need not be equal.
 * @throws SealedError `invalid-argument` for an input of another size.
 */
export function executeGraph(graph: Graph, input: Tensor, options: ExecuteOptions = {}): Tensor {
  const expected = elementCount(graph.input.shape);
  if (input.data.length !== expected) {
    throw new SealedError(
      'invalid-argument',
      `The network takes ${graph.input.shape.join('×')} = ${expected} values; the input has ${input.data.length}.`,
      { stage: 'model' },
    );
  }
  const lastUse = new Map<ValueId, number>();
  graph.nodes.forEach((node, index) => node.inputs.forEach((id) => lastUse.set(id, index)));
  const values = new Map<ValueId, Tensor>([[graph.input.id, { shape: graph.input.shape, data: input.data }]]);
  graph.nodes.forEach((node, index) => {
    const inputs = node.inputs.map((id) => valueOf(values, id));
    const output = { shape: node.shape, data: executeNode(node, inputs) };
    values.set(node.id, output);
    options.onNode?.(node, output);
    for (const id of node.inputs) if (lastUse.get(id) === index && id !== graph.output) values.delete(id);
  });
  return valueOf(values, graph.output);
}

/** The output values of one node on its inputs, in C order of the node's shape. */
function executeNode(node: Node, inputs: readonly Tensor[]): Float32Array {
  const input = inputs[0];
  switch (node.op) {
    case 'conv2d':
      return conv2d(node, input);
    case 'convTranspose2d':
      return convTranspose2d(node, input);
    case 'linear':
      return linear(node, input);
    case 'averagePool':
      return averagePool(node, input);
    case 'maxPool':
      return maxPool(node, input);
    case 'mulConstant':
      return withConstant(input, node.constant, (x, c) => x * c);
    case 'addConstant':
      return withConstant(input, node.constant, (x, c) => x + c);
    case 'add':
      return pairwise(input, inputs[1], (a, b) => a + b);
    case 'subtract':
      return pairwise(input, inputs[1], (a, b) => a - b);
    case 'multiply':
      return pairwise(input, inputs[1], (a, b) => a * b);
    case 'square':
      return input.data.map((x) => x * x);
    case 'polynomial':
      return polynomial(node, input);
    case 'activation':
      return applyActivation(node, input);
    case 'reshape':
      return input.data;
    case 'transpose':
      return transpose(node, input);
    case 'slice':
      return slice(node, input);
    case 'pad':
      return pad(node, input);
    case 'concat':
      return concat(node, inputs);
    case 'resizeNearest':
      return resizeNearest(node, input);
    case 'depthToSpace':
      return depthToSpace(node, input);
    case 'softmax':
      return softmax(node, input);
    case 'normalize':
      return normalize(node, input);
    case 'argmax':
      return argmax(node, input);
    case 'cast':
      return cast(node, input);
  }
}

function valueOf(values: ReadonlyMap<ValueId, Tensor>, id: ValueId): Tensor {
  const value = values.get(id);
  if (!value)
    throw new SealedError('internal', `The graph uses '${id}' before it is computed.`, { stage: 'model' });
  return value;
}

// Batches: a tensor with a batch axis run through a graph that takes one sample at a time.
import { SealedError } from '../base/errors.ts';
import { executeGraph } from './execute.ts';
import { elementCount } from './graph.ts';
import type { Graph, Tensor } from './graph.ts';

/**
 * The samples of `tensor` for `graph`: one where it has the graph's element count, otherwise one per entry of axis 0.
 * @throws SealedError `invalid-argument` where neither fits.
 */
export function splitSamples(graph: Graph, tensor: Tensor): Tensor[] {
  const size = elementCount(graph.input.shape);
  const count = tensor.data.length / size;
  const fits =
    count === 1 || (tensor.shape[0] === count && tensor.shape.length === graph.input.shape.length + 1);
  if (!fits) {
    throw new SealedError(
      'invalid-argument',
      `An input of shape ${tensor.shape.join('×')} does not fit a network that takes ${graph.input.shape.join('×')}.`,
      { stage: 'model' },
    );
  }
  return Array.from({ length: count }, (_, i) => ({
    shape: graph.input.shape,
    data: tensor.data.subarray(i * size, (i + 1) * size),
  }));
}

/** Runs every sample of `tensor` and joins the outputs along a new axis 0; a single sample's output stays as it is. */
export function executeSamples(graph: Graph, tensor: Tensor): Tensor {
  const outputs = splitSamples(graph, tensor).map((sample) => executeGraph(graph, sample));
  if (outputs.length === 1) return outputs[0];
  const data = new Float32Array(outputs.length * outputs[0].data.length);
  outputs.forEach((output, i) => data.set(output.data, i * output.data.length));
  return { shape: [outputs.length, ...outputs[0].shape], data };
}

/** `values` (inputs one after the other) through `layers`, one input at a time. Without layers, as they are. */
export function executeBatch(layers: Graph | undefined, values: Float32Array): Float32Array {
  if (!layers) return values;
  const { shape } = layers.input;
  const size = elementCount(shape);
  const results: Float32Array[] = [];
  for (let at = 0; at < values.length; at += size) {
    results.push(executeGraph(layers, { shape, data: values.subarray(at, at + size) }).data);
  }
  const joined = new Float32Array(results.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const result of results) {
    joined.set(result, at);
    at += result.length;
  }
  return joined;
}

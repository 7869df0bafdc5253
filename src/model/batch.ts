// Batches: inputs one after the other, run through a graph that takes one at a time.
import { executeGraph } from './execute.ts';
import { elementCount } from './graph.ts';
import type { Graph } from './graph.ts';

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

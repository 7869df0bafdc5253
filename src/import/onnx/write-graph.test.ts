// A graph that is written and read again computes what it did.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../base/seeded-random.ts';
import { executeGraph } from '../../model/execute.ts';
import type { Graph } from '../../model/graph.ts';
import { importOnnx } from './import-onnx.ts';
import { onnxOfGraph } from './write-graph.ts';

const features = importOnnx(
  new Uint8Array(readFileSync(new URL('../../../public/models/features-liquid.onnx', import.meta.url))),
  { inputShape: [1, 21, 21] },
);

/** Two branches of features, mixed by constants of the place, as pixels. */
const graph: Graph = {
  name: 'written',
  input: features.input,
  nodes: [
    ...features.nodes,
    { id: 'twice', op: 'add', inputs: [features.output, features.output], shape: [9, 21, 21] },
    { id: 'less', op: 'subtract', inputs: ['twice', features.output], shape: [9, 21, 21] },
    { id: 'product', op: 'multiply', inputs: ['twice', 'less'], shape: [9, 21, 21] },
    { id: 'all', op: 'concat', axis: 0, inputs: ['product', 'less', 'twice', 'less'], shape: [36, 21, 21] },
    {
      id: 'mixed',
      op: 'mulConstant',
      constant: {
        shape: [36, 21, 21],
        data: Float32Array.from({ length: 36 * 441 }, (_, i) => (i % 17) / 17),
      },
      inputs: ['all'],
      shape: [36, 21, 21],
    },
    {
      id: 'shifted',
      op: 'addConstant',
      constant: { shape: [36, 1, 1], data: Float32Array.from({ length: 36 }, (_, i) => i / 36) },
      inputs: ['mixed'],
      shape: [36, 21, 21],
    },
    { id: 'pixels', op: 'depthToSpace', block: 2, mode: 'CRD', inputs: ['shifted'], shape: [9, 42, 42] },
  ],
  output: 'pixels',
};

describe('onnxOfGraph', () => {
  it('writes what the importer reads as the same network', () => {
    const read = importOnnx(onnxOfGraph(graph));
    const random = seededRandom(3);
    const input = { shape: [1, 21, 21], data: Float32Array.from({ length: 441 }, random) };
    const [before, after] = [graph, read].map((network) => executeGraph(network, input));
    expect(after.shape).toEqual(before.shape);
    const scale = Math.max(...before.data.map(Math.abs));
    expect(scale).toBeGreaterThan(1);
    before.data.forEach((value, i) => expect(Math.abs(after.data[i] - value)).toBeLessThan(1e-5 * scale));
  });

  it('refuses by name what styles do not have', () => {
    const other: Graph = {
      ...graph,
      nodes: [{ id: 'largest', op: 'argmax', axis: 0, inputs: [graph.input.id], shape: [1, 21, 21] }],
      output: 'largest',
    };
    expect(() => onnxOfGraph(other)).toThrow(/largest \(argmax\) is not written.*export the network/);
  });
});

// Graphs as bytes: back as they were, every operation among them, and no graph that reads what is not computed.
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everyOperation } from '../../fixtures/every-operation.ts';
import { publicFile } from '../../fixtures/codec-samples.ts';
import { randomGraph } from '../../fixtures/random-graphs.ts';
import { decode, encode } from '../base/codec.ts';
import { readModelFile } from '../import/model-file.ts';
import type { Graph, Node } from './graph.ts';
import { graphCodec } from './graph-codec.ts';

const malformed = expect.objectContaining({ code: 'malformed-frame' });
const unencodable = expect.objectContaining({ code: 'invalid-argument' });

function expectRoundTrip(graph: Graph): void {
  const bytes = encode(graphCodec, graph);
  const decoded = decode(graphCodec, bytes);
  expect(decoded).toStrictEqual(graph);
  expect(encode(graphCodec, decoded)).toEqual(bytes);
}

describe('graphCodec', () => {
  it('keeps every operation and every activation', () => {
    expectRoundTrip(everyOperation());
  });

  it('keeps random networks', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => expectRoundTrip(randomGraph(seed))),
      { numRuns: 100 },
    );
  });

  it('keeps a published model', () => {
    expectRoundTrip(readModelFile(publicFile('models/digits.onnx'), { name: 'digits' }));
  });

  const graph = everyOperation();
  const withNode = (node: Partial<Node>): Graph => ({
    ...graph,
    nodes: [...graph.nodes, { ...graph.nodes.at(-1)!, id: 'last', ...node } as Node],
  });

  it.each<[string, Graph]>([
    ['an input that is not computed before', withNode({ inputs: ['last'] })],
    ['a value computed twice', withNode({ id: 'conv2d' })],
    ['a value with the name of the input', withNode({ id: 'x' })],
    ['an output that is not computed', { ...graph, output: 'nowhere' }],
    ['an operation that there is not', withNode({ op: 'fft' } as unknown as Node)],
    ['a size of 0', withNode({ shape: [0] })],
    [
      'a tensor of another size than its shape',
      withNode({ op: 'mulConstant', constant: { shape: [2], data: new Float32Array(3) } }),
    ],
    [
      'a weight that is not finite',
      withNode({ op: 'mulConstant', constant: { shape: [1], data: Float32Array.of(Infinity) } }),
    ],
    ['half a stride', { ...graph, nodes: [{ ...graph.nodes[0], strides: [0.5, 1] } as Node], output: 'x' }],
  ])('does not write %s', (_, wrong) => {
    expect(() => encode(graphCodec, graph)).not.toThrow();
    expect(() => encode(graphCodec, wrong)).toThrow(unencodable);
  });

  it('does not read a value before it is computed, nor a name given twice', () => {
    const small: Graph = {
      name: '',
      input: { id: 'x', shape: [2] },
      nodes: [
        { id: 'a', inputs: ['x'], shape: [2], op: 'square' },
        { id: 'b', inputs: ['a'], shape: [2], op: 'square' },
      ],
      output: 'b',
    };
    const bytes = encode(graphCodec, small);
    expect(decode(graphCodec, bytes)).toEqual(small);
    // Name; input's name and shape; number of nodes. A node: name, inputs, shape, operation.
    const first = 4 + 5 + 8 + 4;
    const node = 5 + 8 + 8 + 1;
    expect(bytes.length).toBe(first + 2 * node + 4 + 1);
    const input = first + 5 + 4;
    expect(bytes[input]).toBe(0);
    for (const later of [1, 2, 3, 255])
      expect(() => decode(graphCodec, bytes.with(input, later))).toThrow(malformed);
    expect(() => decode(graphCodec, bytes.with(first + 2 * node, 3))).toThrow(/uses value 3/);
    const name = first + node + 4;
    expect(String.fromCharCode(bytes[name])).toBe('b');
    for (const taken of ['a', 'x']) {
      expect(() => decode(graphCodec, bytes.with(name, taken.charCodeAt(0)))).toThrow(/Node 1/);
    }
  });
});

describe('frozen formats', () => {
  it('the graph with every operation', () => {
    const hash = createHash('sha256').update(encode(graphCodec, everyOperation())).digest('hex');
    expect(hash).toMatchInlineSnapshot(`"7df2a500635dbf08d3dbc4f8848aa95c16b217d8e4ffa3b493f22fdd5d55b515"`);
  });
});

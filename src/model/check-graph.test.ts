// Graphs from outside: all that importers make pass, what the executor could not run is refused with its node.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everyOperation } from '../../fixtures/every-operation.ts';
import { randomGraph } from '../../fixtures/random-graphs.ts';
import {
  hasSharedData,
  readSharedBytes,
  readSharedJson,
  SHARED_DATA_ABSENT,
} from '../../fixtures/shared-data.ts';
import { readTensorFile } from '../import/onnx/decode.ts';
import { importOnnx } from '../import/onnx/import-onnx.ts';
import { checkGraph } from './check-graph.ts';
import { executeGraph } from './execute.ts';
import { elementCount, type Graph, type Node, type Tensor } from './graph.ts';

const graph = everyOperation();

/** `graph` with the node `id` changed. */
function changed(id: string, change: object): Graph {
  return { ...graph, nodes: graph.nodes.map((node) => (node.id === id ? { ...node, ...change } : node)) };
}

/** Where numbers stand in the fields of `node`, tensors aside. */
function numbersOf(node: object): [holder: Record<string, number>, key: string][] {
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value === 'number')
      return [[node as Record<string, number>, key] as [Record<string, number>, string]];
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
    return numbersOf(value);
  });
}

describe('checkGraph', () => {
  it('passes every operation, and counts elements and work', () => {
    const { elements, operations } = checkGraph(graph);
    const all = graph.nodes.reduce(
      (sum, { shape }) => sum + elementCount(shape),
      elementCount(graph.input.shape),
    );
    expect(elements).toBe(all);
    expect(operations).toBeGreaterThan(all);
    const input = { shape: graph.input.shape, data: new Float32Array(elementCount(graph.input.shape)) };
    executeGraph(graph, input, {
      onNode: ({ id, shape }, { data }) => expect(data.length, id).toBe(elementCount(shape)),
    });
  });

  it('passes random networks', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        expect(() => checkGraph(randomGraph(seed))).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });

  it('counts the multiplications of dense layers and convolutions', () => {
    const only = (id: string): number => {
      const node = graph.nodes.find((other) => other.id === id)!;
      const [source] = node.inputs;
      const shape = graph.nodes.find((other) => other.id === source)?.shape ?? graph.input.shape;
      return checkGraph({ name: id, input: { id: source, shape }, nodes: [node], output: id }).operations;
    };
    // [4, 6, 6] by [4, 2, 3, 3] at 6×6 places; back by [4, 1, 2, 2] from 6×6 places.
    expect(only('conv2d')).toBe(4 * 2 * 9 * 36);
    expect(only('convTranspose2d')).toBe(4 * 1 * 4 * 36);
    expect(only('linear')).toBe(elementCount(graph.nodes.find(({ id }) => id === 'linear')!.shape) * 5);
  });

  it('passes nothing that the executor cannot run: any number of any node, changed', () => {
    let passed = 0;
    const change = fc.constantFrom<(value: number) => number>(
      () => 0,
      (value) => value + 1,
      (value) => value - 1,
      (value) => 2 * value,
    );
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 3 }),
        (pick, changes) => {
          const nodes = structuredClone(graph.nodes);
          const node = nodes[pick % nodes.length];
          const numbers = numbersOf(node);
          fc.pre(numbers.length > 0);
          for (const [which, apply] of changes) {
            const [holder, key] = numbers[which % numbers.length];
            holder[key] = apply(holder[key]);
          }
          const damaged = { ...graph, nodes };
          try {
            checkGraph(damaged);
          } catch (error) {
            expect(error).toMatchObject({ code: 'malformed-model' });
            return;
          }
          passed += 1;
          const data = new Float32Array(elementCount(graph.input.shape)).fill(0.5);
          executeGraph(
            damaged,
            { shape: graph.input.shape, data },
            {
              onNode: ({ id, shape }, output) => {
                expect(output.data.length, id).toBe(elementCount(shape));
                // What is read beyond an array is undefined, and NaN in a tensor.
                expect(output.data.some(Number.isNaN), id).toBe(false);
              },
            },
          );
        },
      ),
      { numRuns: 2000 },
    );
    expect(passed).toBeGreaterThan(100);
  });

  it.each<[string, string, object]>([
    ['a weight that is too short', 'conv2d', { weight: { shape: [4, 2, 3, 3], data: new Float32Array(71) } }],
    ['a weight of three axes', 'conv2d', { weight: { shape: [4, 2, 9], data: new Float32Array(72) } }],
    ['groups that do not divide', 'conv2d', { groups: 3 }],
    ['no group', 'conv2d', { groups: 0 }],
    ['a bias that is too short', 'conv2d', { bias: { shape: [3], data: new Float32Array(3) } }],
    ['a stride of 0', 'conv2d', { strides: [0, 1] }],
    ['a size that it does not put out', 'conv2d', { shape: [4, 6, 7] }],
    ['a row too many of a transposed convolution', 'convTranspose2d', { shape: [2, 14, 12] }],
    ['a row too few of a transposed convolution', 'convTranspose2d', { shape: [2, 11, 12] }],
    ['features that are not there', 'linear', { weight: { shape: [7, 6], data: new Float32Array(42) } }],
    ['a dense layer of another shape', 'linear', { shape: [8] }],
    ['a pool that loses a channel', 'averagePool', { shape: [3, 3, 3] }],
    ['a pool that puts out too much', 'averagePool', { shape: [4, 5, 3] }],
    ['a pool that puts out too little', 'maxPool', { shape: [4, 1, 3] }],
    ['half a pad', 'averagePool', { pads: [0.5, 0, 0, 0] }],
    [
      'a constant that does not broadcast',
      'mulConstant',
      { constant: { shape: [5], data: new Float32Array(5) } },
    ],
    [
      'a constant with more axes than its input',
      'addConstant',
      { constant: { shape: [1, 1, 1, 1], data: new Float32Array(1) } },
    ],
    ['operands of two shapes', 'add', { inputs: ['x', 'averagePool'] }],
    ['one operand', 'subtract', { inputs: ['x'] }],
    ['three operands', 'multiply', { inputs: ['x', 'x', 'x'] }],
    ['an axis that is not there', 'concat', { axis: 3 }],
    ['parts that do not match', 'concat', { inputs: ['x', 'averagePool'] }],
    ['nothing to join', 'concat', { inputs: [] }],
    ['a reshape that loses elements', 'reshape', { shape: [5, 28] }],
    ['an axis named twice', 'transpose', { permutation: [0, 0, 1] }],
    ['an axis left out', 'transpose', { permutation: [0, 1] }],
    ['pads for too few axes', 'pad', { pads: [[0, 0]] }],
    ['a negative pad', 'pad', { pads: [[0, 0], [-1, 2], [0, 2]] }], // prettier-ignore
    ['a slice beyond the end', 'slice', { starts: [0, 6, 0] }],
    ['a slice beyond the start', 'slice', { starts: [0, 1, 0] }],
    ['a slice of more than there is', 'slice', { shape: [5, 3, 6] }],
    ['half a step', 'slice', { steps: [1, -0.25, 1] }],
    ['a row that is not there', 'resizeNearest', { rows: [0, 0, 6] }],
    ['rows of another number', 'resizeNearest', { rows: [0, 1] }],
    ['channels that are no blocks', 'depthToSpace', { block: 3 }],
    ['a block of 0', 'depthToSpace', { block: 0 }],
    ['a square of another shape', 'square', { shape: [144] }],
    ['no coefficients', 'polynomial', { coefficients: [] }],
    ['slopes of other channels', 'prelu', { function: { kind: 'prelu', slopes: [1, 2] } }],
    ['an activation of another shape', 'relu', { shape: [144] }],
    ['a softmax over no axis', 'softmax', { axis: 3 }],
    ['an argmax that keeps its axis', 'argmax', { shape: [4, 6, 6] }],
    ['a cast of another shape', 'cast', { shape: [144] }],
    ['a negative slack', 'cast', { slack: -1 }],
    ['a size of 0', 'reshape', { shape: [0] }],
    ['an input that is computed later', 'conv2d', { inputs: ['reshape'] }],
    ['itself as input', 'conv2d', { inputs: ['conv2d'] }],
  ])('refuses %s', (_, id, change) => {
    const refusal = { code: 'malformed-model', message: expect.stringContaining(` at ${id}: `) };
    expect(() => checkGraph(changed(id, change))).toThrow(expect.objectContaining(refusal));
  });

  it('refuses a value that is computed twice, an output that is not computed, and an input without size', () => {
    const twice: Node = { ...graph.nodes[0], id: 'x' };
    expect(() => checkGraph({ ...graph, nodes: [...graph.nodes, twice] })).toThrow(
      /at x: it is computed twice/,
    );
    expect(() => checkGraph({ ...graph, output: 'nowhere' })).toThrow(/at nowhere: it is the output/);
    expect(() => checkGraph({ ...graph, input: { id: 'x', shape: [4, 0, 6] } })).toThrow(/at x: sizes/);
  });

  it('sees the work in a few bytes', () => {
    const shape = [2 ** 22];
    const nodes = Array.from({ length: 50 }, (_, i): Node => {
      return { id: `n${i}`, inputs: ['x', 'x'], shape, op: 'multiply' };
    });
    const { elements, operations } = checkGraph({
      name: 'large',
      input: { id: 'x', shape },
      nodes,
      output: 'n49',
    });
    expect(elements).toBe(51 * 2 ** 22);
    expect(operations).toBe(50 * 2 ** 22);
  });
});

interface Vector {
  readonly name: string;
  readonly inputs: readonly { readonly name: string }[];
}

describe.skipIf(!hasSharedData)(`graphs of the ONNX operator vectors (${SHARED_DATA_ABSENT})`, () => {
  const vectors = hasSharedData ? readSharedJson<Vector[]>('onnx-ops/index.json') : [];

  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s passes', (name, { inputs }) => {
    const folder = `onnx-ops/${name}`;
    const constants: Record<string, Tensor> = {};
    inputs.slice(1).forEach((input, i) => {
      constants[input.name] = readTensorFile(readSharedBytes(`${folder}/test_data_set_0/input_${i + 1}.pb`));
    });
    const imported = importOnnx(readSharedBytes(`${folder}/model.onnx`), { constants });
    expect(checkGraph(imported).elements).toBeGreaterThan(0);
  });
});

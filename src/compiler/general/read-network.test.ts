// Graphs as programs: the same values, few products, and layers without an encrypted form refused by name.
import { describe, expect, it } from 'vitest';
import { randomGraph, seededNumbers } from '../../../fixtures/random-graphs.ts';
import { executeGraph } from '../../model/execute.ts';
import { elementCount, type Graph, type Node, type Operation } from '../../model/graph.ts';
import { calibrate, defaultSamples } from '../calibrate.ts';
import { evaluateProgram, ProgramBuilder } from './program.ts';
import { PlanningWork } from './planning-work.ts';
import { readNetwork, type ReadNetwork } from './read-network.ts';
import { MatrixBuilder } from './sparse-map.ts';

const SHAPE = [2, 2, 2];

function one(operation: Operation): Graph {
  const node: Node = { id: 'layer', inputs: ['x'], shape: SHAPE, ...operation };
  return { name: 'one', input: { id: 'x', shape: SHAPE }, nodes: [node], output: 'layer' };
}

const read = (graph: Graph, tolerance = 0.02): ReadNetwork[] =>
  readNetwork(graph, calibrate(graph, defaultSamples(graph)), tolerance);

const products = ({ program }: ReadNetwork): number =>
  program.bases.filter(({ kind }) => kind === 'product').length;

/** Largest difference between a program and its graph on a sample. */
function errorOf(graph: Graph, { program }: ReadNetwork): number {
  const [sample] = defaultSamples(graph);
  const { output } = evaluateProgram(program, sample.data);
  return executeGraph(graph, sample).data.reduce((most, x, i) => Math.max(most, Math.abs(x - output[i])), 0);
}

describe('readNetwork', () => {
  it('computes what random networks compute', () => {
    for (let seed = 0; seed < 25; seed += 1) {
      const graph = randomGraph(seed);
      for (const way of read(graph)) expect(errorOf(graph, way)).toBeLessThan(1e-3);
    }
  });

  it('composes linear layers: nothing but a product is a value of its own', () => {
    const scaled: Operation = { op: 'mulConstant', constant: { shape: [1], data: Float32Array.of(0.5) } };
    const nodes: Node[] = [scaled, scaled, { op: 'square' } as const, scaled].map((operation, i) => ({
      id: `v${i}`,
      inputs: [i === 0 ? 'x' : `v${i - 1}`],
      shape: SHAPE,
      ...operation,
    }));
    const [way] = read({ ...one(scaled), nodes, output: 'v3' });
    expect(way.program.bases.map(({ kind }) => kind)).toEqual(['input', 'product']);
    expect(way.program.bases[1].layers).toEqual(['v2']);
    expect(way.program.output.layers).toEqual(['v3']);
  });

  it('completes a polynomial of degree 2 to one square, and leaves one of degree 1 linear', () => {
    for (const [coefficients, expected] of [
      [[1, -2], 0],
      [[1, -2, 0, 0], 0],
      [[1, -2, 3], 1],
    ] as const) {
      const graph = one({ op: 'polynomial', coefficients });
      const ways = read(graph);
      expect([ways.length, products(ways[0])]).toEqual([1, expected]);
      expect(errorOf(graph, ways[0])).toBeLessThan(1e-5);
    }
  });

  it('reads what becomes a series in two ways, which say the same, and reports how near the fit is', () => {
    const graph = one({ op: 'activation', function: { kind: 'relu' } });
    const ways = read(graph, 0.05);
    expect(ways).toHaveLength(2);
    for (const way of ways) {
      const [fit] = way.fits;
      expect(fit).toMatchObject({ layer: 'layer', function: 'relu' });
      expect(errorOf(graph, way)).toBeLessThanOrEqual(fit.maxAbsError + 1e-6);
      expect(fit.maxAbsError).toBeLessThan((0.05 * (fit.high - fit.low)) / 2);
    }
  });

  it('fits one series per channel, of one degree', () => {
    const graph = one({ op: 'activation', function: { kind: 'prelu', slopes: [0.1, 0.9] } });
    const [way] = read(graph, 0.05);
    expect(errorOf(graph, way)).toBeLessThan(way.fits[0].maxAbsError + 1e-6);
  });

  it.each<[string, Operation, RegExp]>([
    [
      'maxPool',
      { op: 'maxPool', kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] },
      /average pool/,
    ],
    ['softmax', { op: 'softmax', axis: 0, log: false }, /only the client/],
    ['cast', { op: 'cast', to: 'int8' }, /only the client/],
  ])('refuses %s, naming the layer and why', (op, operation, advice) => {
    const graph = one(operation);
    const refusal = expect.objectContaining({ code: 'unsupported-layer', detail: { layer: 'layer', op } });
    expect(() => read(graph)).toThrow(refusal);
    expect(() => read(graph)).toThrow(advice);
  });
});

describe('ProgramBuilder', () => {
  it('does not multiply out what would take very long: the value before becomes one of its own', () => {
    // 400×400 twice would be 64 million products.
    const size = 400;
    const random = seededNumbers(4);
    const builder = new MatrixBuilder(size, size);
    for (let row = 0; row < size; row += 1) {
      for (let column = 0; column < size; column += 1) builder.add(column, random() - 0.5);
      builder.endRow();
    }
    const map = { matrix: builder.finish(), bias: undefined };
    const work = new PlanningWork();
    const program = new ProgramBuilder(work);
    const input = program.input([size], elementCount([size]));
    const twice = program.apply(map, program.apply(map, input, [size], 'a'), [size], 'b');
    expect(program.finish(twice).bases.map(({ kind }) => kind)).toEqual(['input', 'copy']);
    expect(work.composed).toBe(2 * size * size);
  });
});

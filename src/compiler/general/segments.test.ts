// Where a network is cut, and what the client computes there.
import { describe, expect, it } from 'vitest';
import type { Graph, LayerMark, Node, Operation, Tensor } from '../../model/graph.ts';
import { executeGraph } from '../../model/execute.ts';
import { passOn, startOf } from '../network-error.ts';
import { cutSegments, isJoint, type Segment, type SegmentRules } from './segments.ts';

const SHAPE = [4];

/** A chain of `operations` on four values, each also a layer of the file, and inputs of those that have others. */
function chain(operations: readonly Operation[], inputs: Readonly<Record<number, string[]>> = {}): Graph {
  const nodes = operations.map((operation, i): Node => ({
    id: `v${i}`,
    inputs: inputs[i] ?? [i === 0 ? 'x' : `v${i - 1}`],
    shape: SHAPE,
    ...operation,
  }));
  const layers = nodes.map(({ id, op }, index): LayerMark => ({ index, name: id, type: op, output: id }));
  return { name: 'chain', input: { id: 'x', shape: SHAPE }, nodes, output: `v${nodes.length - 1}`, layers };
}

const square: Operation = { op: 'square' };
const relu: Operation = { op: 'activation', function: { kind: 'relu' } };
const softmax: Operation = { op: 'softmax', axis: 0, log: false };
const half: Operation = { op: 'mulConstant', constant: { shape: [1], data: Float32Array.of(0.5) } };
const add: Operation = { op: 'add' };

const cut = (graph: Graph, rules: Partial<SegmentRules> = {}): Segment[] =>
  cutSegments(graph, { refresh: [], clientOps: false, ...rules });
const ids = (graph: Graph | undefined): string[] => graph?.nodes.map(({ id }) => id) ?? [];
const names = (values: Segment['inputs']): string[] => values.map(({ id }) => id);
const shown = (segments: readonly Segment[]): [string[], string[]][] =>
  segments.map(({ graph, client }) => [ids(graph), ids(client)]);

describe('cutSegments', () => {
  it('leaves a network whole that the server computes alone', () => {
    expect(shown(cut(chain([square, half])))).toEqual([[['v0', 'v1'], []]]);
  });

  it('leaves what ends it to the client: from the last activation on, where nothing but cheap layers follow', () => {
    expect(shown(cut(chain([square, relu, softmax])))).toEqual([[['v0'], ['v1', 'v2']]]);
    expect(shown(cut(chain([square, relu, half])))).toEqual([[['v0', 'v1', 'v2'], []]]);
  });

  it('cuts at every activation where the client helps', () => {
    const segments = cut(chain([half, relu, square, relu, square]), { clientOps: true });
    expect(shown(segments)).toEqual([
      [['v0'], ['v1']],
      [['v2'], ['v3']],
      [['v4'], []],
    ]);
    expect(segments.map(({ graph }) => graph.name)).toEqual([1, 2, 3].map((i) => `chain, part ${i} of 3`));
  });

  it('cuts after the layers that are refreshed, once where two cuts meet', () => {
    expect(shown(cut(chain([square, square, square]), { refresh: [1] }))).toEqual([
      [['v0', 'v1'], []],
      [['v2'], []],
    ]);
    const graph = chain([square, relu, square]);
    expect(shown(cut(graph, { refresh: [0, 1], clientOps: true }))).toEqual([
      [['v0'], ['v1']],
      [['v2'], []],
    ]);
  });

  it('computes in parts what the network computes', () => {
    const graph = chain([half, relu, square, relu, square]);
    const data = Float32Array.of(0.5, -1, 2, 0.25);
    const whole = executeGraph(graph, { shape: SHAPE, data });
    const parts = cut(graph, { clientOps: true, refresh: [2] }).flatMap(({ graph: own, client }) =>
      client ? [own, client] : [own],
    );
    const passed = parts.reduce<Tensor>((value, part) => executeGraph(part, value), { shape: SHAPE, data });
    expect(passed.data).toEqual(whole.data);
  });

  it('gives the client the values of skips, which it keeps until they are read', () => {
    const graph = chain([square, relu, square, add, relu, add, half], {
      3: ['v2', 'v0'],
      5: ['v4', 'v1'],
    });
    const segments = cut(graph, { clientOps: true });
    // The client has both summands of v3 where it needs their sum; v5 is the server's, on two values.
    expect(segments.map(({ inputs, outputs, kept }) => [names(inputs), names(outputs), kept])).toEqual([
      [['x'], ['v0'], 8],
      [['v1'], ['v2'], 0],
      [['v1', 'v4'], ['v6'], 0],
    ]);
    expect(segments.map(({ client }) => ids(client).filter((id) => !isJoint(id)))).toEqual([
      ['v1'],
      ['v3', 'v4'],
      [],
    ]);
    const data = Float32Array.of(0.5, -1, 2, 0.25);
    const end = segments.reduce((position, part) => passOn(part, position), startOf({ shape: SHAPE, data }));
    expect(end.input).toEqual(executeGraph(graph, { shape: SHAPE, data }).data);
  });

  it('gives a value to the next stretch and holds it for a later one: a skip over a round that both sides read', () => {
    // v1 is read at once, by v2, and again after the next round, by v5: as a skip of a U-Net with average pools.
    const graph = chain([half, relu, square, relu, square, add, square], { 5: ['v4', 'v1'] });
    const segments = cut(graph, { clientOps: true });
    expect(segments.map(({ inputs, kept }) => [names(inputs), kept])).toEqual([
      [['x'], 4],
      [['v1'], 0],
      [['v1', 'v3'], 0],
    ]);
    const made = ids(segments[0].client);
    expect(new Set(made).size).toBe(made.length);
    const data = Float32Array.of(0.5, -1, 2, 0.25);
    const end = segments.reduce((position, part) => passOn(part, position), startOf({ shape: SHAPE, data }));
    expect(end.input).toEqual(executeGraph(graph, { shape: SHAPE, data }).data);
  });

  it('computes late what the client gives it: nothing goes to the client and back', () => {
    const graph = chain([relu, half, square, relu, add, half], { 2: ['v0'], 4: ['v3', 'v1'] });
    const [first, second, third] = cut(graph, { clientOps: true });
    expect([first, second, third].map((part) => ids(part.graph).filter((id) => !isJoint(id)))).toEqual([
      [],
      ['v2'],
      ['v1', 'v4', 'v5'],
    ]);
    expect(names(third.inputs)).toEqual(['v0', 'v3']);
  });

  it('refuses to refresh after a layer that is not there', () => {
    expect(() => cut(chain([square]), { refresh: [7] })).toThrow(/no layer 7 to refresh after; there are: 0/);
  });
});

// What a plan's report says of the file's layers: which stage computes each, whatever the layers are called.
import { describe, expect, it } from 'vitest';
import { planTable } from '../../../cli/model-table.ts';
import { randomGraph, randomInputs } from '../../../fixtures/random-graphs.ts';
import { FAST_COSTS } from '../../../fixtures/run-network.ts';
import { compileNetwork } from '../../compiler/general/compile-network.ts';
import type { Graph, Node, ValueId } from '../../model/graph.ts';
import { compileModel, plannedLayers, reportPlan, samplesOf } from './plan-model.ts';

/** `graph` with every layer renamed. */
function renamed(graph: Graph, rename: (id: ValueId) => ValueId): Graph {
  const of = (id: ValueId): ValueId => (id === graph.input.id ? id : rename(id));
  const nodes = graph.nodes.map((node): Node => ({ ...node, id: of(node.id), inputs: node.inputs.map(of) }));
  return { ...graph, nodes, output: of(graph.output) };
}

function levelsOf(graph: Graph): (number | null)[] {
  return plannedLayers(compileNetwork(graph, { costs: FAST_COSTS })).map(({ level }) => level);
}

describe('plannedLayers', () => {
  it.each([
    ['with a comma and a blank', (id: ValueId) => `${id}, 1`],
    ['like a part of a stage', (id: ValueId) => `fold ${id}`],
    ['like another part of a stage', (id: ValueId) => `add up for ${id}`],
  ])('finds the stage of a layer named %s', (_, rename) => {
    for (const seed of [1, 3, 11, 27]) {
      const graph = randomGraph(seed);
      const levels = levelsOf(graph);
      expect(levels.some((level) => level !== null)).toBe(true);
      expect(levelsOf(renamed(graph, rename))).toEqual(levels);
    }
  });

  it('tells who computes a layer apart from what it is called', () => {
    const weight = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
    const nodes: Node[] = [
      { id: 'client', inputs: ['x'], shape: [2], op: 'linear', weight },
      { id: 'relu', inputs: ['client'], shape: [2], op: 'activation', function: { kind: 'relu' } },
    ];
    const graph: Graph = { name: 'named', input: { id: 'x', shape: [2] }, nodes, output: 'relu' };
    const layers = plannedLayers(compileNetwork(graph, { costs: FAST_COSTS }));
    expect(layers.map(({ name, place, stage }) => [name, place, stage])).toEqual([
      ['client', 'server', 0],
      ['relu', 'client', null],
    ]);
  });
});

describe('reportPlan', () => {
  it('says where no input was given and the ranges come from made-up ones', async () => {
    const graph = randomGraph(3);
    const report = (inputs: Float32Array[]) => {
      const planned = compileModel(graph, { backend: 'simd', calibration: samplesOf(graph, inputs) });
      return reportPlan(planned, 1, 'simd', undefined);
    };
    const made = await report([]);
    expect(made.ranges).toMatchObject({ madeUp: true });
    expect(made.ranges.description).toMatch(/^\d+ made-up inputs of random numbers from 0 to 1/);
    expect(planTable(made)).toMatch(/\nranges from\s+\d+ made-up inputs /);
    const given = await report(randomInputs(graph, 2, 1));
    expect(given.ranges).toEqual({ madeUp: false, inputs: 2, description: '2 given inputs' });
    expect(planTable(given)).toMatch(/\nranges from\s+2 given inputs\n/);
  });
});

// What a plan's report says of the file's layers: which stage computes each, whatever the layers are called.
import { afterAll, describe, expect, it } from 'vitest';
import { planTable } from '../../../cli/model-table.ts';
import { inProcessSession, modelOf } from '../../../fixtures/in-process-session.ts';
import { randomGraph, randomInputs } from '../../../fixtures/random-graphs.ts';
import { FAST_COSTS } from '../../../fixtures/run-network.ts';
import { compile } from '../../compiler/compile.ts';
import type { Graph, Node, ValueId } from '../../model/graph.ts';
import { checkParameters } from '../../params/parameters.ts';
import type { ExplainedLayer } from '../../plan/explanation.ts';
import { type ModelOptions, type ModelPlanReport, planModel, reportPlan, samplesOf } from './model-plan.ts';

const compiled: string[] = [];
const session = inProcessSession(1, compiled);
afterAll(() => session.close());

/** `graph` with every layer renamed. */
function renamed(graph: Graph, rename: (id: ValueId) => ValueId): Graph {
  const of = (id: ValueId): ValueId => (id === graph.input.id ? id : rename(id));
  const nodes = graph.nodes.map((node): Node => ({ ...node, id: of(node.id), inputs: node.inputs.map(of) }));
  return { ...graph, nodes, output: of(graph.output) };
}

function layersOf(graph: Graph): readonly ExplainedLayer[] {
  return compile(graph, { costs: FAST_COSTS, form: 'general' }).explanation.layers;
}

function levelsOf(graph: Graph): (number | null)[] {
  return layersOf(graph).map(({ level }) => level);
}

describe('the layers of an explanation', () => {
  it.each([
    ['with a comma and a blank', (id: ValueId) => `${id}, 1`],
    ['like a part of a stage', (id: ValueId) => `fold ${id}`],
    ['like another part of a stage', (id: ValueId) => `add up for ${id}`],
  ])('have the stage of a layer named %s', (_, rename) => {
    for (const seed of [1, 3, 11, 27]) {
      const graph = randomGraph(seed);
      const levels = levelsOf(graph);
      expect(levels.some((level) => level !== null)).toBe(true);
      expect(levelsOf(renamed(graph, rename))).toEqual(levels);
    }
  });

  it('tell who computes a layer apart from what it is called', () => {
    const weight = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
    const nodes: Node[] = [
      { id: 'client', inputs: ['x'], shape: [2], op: 'linear', weight },
      { id: 'relu', inputs: ['client'], shape: [2], op: 'activation', function: { kind: 'relu' } },
    ];
    const graph: Graph = { name: 'named', input: { id: 'x', shape: [2] }, nodes, output: 'relu' };
    expect(layersOf(graph).map(({ name, place, stage }) => [name, place, stage])).toEqual([
      ['client', 'server', 0],
      ['relu', 'client', null],
    ]);
  });
});

describe('planModel', () => {
  it('has equal options compiled once, and others anew', async () => {
    const graph = randomGraph(3);
    const model = modelOf(graph);
    const inputs = randomInputs(graph, 2, 1);
    const calibration = samplesOf(graph, inputs);
    const plan = async (options: Partial<ModelOptions>): Promise<string> =>
      (await planModel(session, model, { backend: 'simd', ...options })).card.hash;
    compiled.length = 0;
    const first = await plan({ calibration });
    expect(
      await plan({
        calibration: samplesOf(
          graph,
          inputs.map((data) => data.slice()),
        ),
      }),
    ).toBe(first);
    expect(compiled).toHaveLength(1);
    const others = [
      await plan({}),
      await plan({ calibration, backend: 'seal' }),
      await plan({ calibration, batch: 4 }),
      await plan({
        calibration: samplesOf(
          graph,
          inputs.map((data) => data.map((x) => 2 * x)),
        ),
      }),
    ];
    expect(compiled).toHaveLength(5);
    expect(others[1]).not.toBe(first);
    expect(others[2]).not.toBe(first);
  });

  it('takes parameters as they were checked or as they are written', async () => {
    const graph = randomGraph(3);
    const model = modelOf(graph);
    const { card } = await planModel(session, model, { backend: 'simd' });
    const { parameters } = card.card;
    compiled.length = 0;
    const written = await planModel(session, model, { backend: 'simd', parameters });
    const checked = checkParameters(parameters);
    const again = await planModel(session, model, { backend: 'simd', parameters: checked });
    expect(again.card.hash).toBe(written.card.hash);
    expect(compiled).toHaveLength(1);
  });
});

describe('reportPlan', () => {
  it('says where no input was given and the ranges come from made-up ones', async () => {
    const graph = randomGraph(3);
    const model = modelOf(graph);
    const report = async (inputs: Float32Array[]): Promise<ModelPlanReport> => {
      const calibration = samplesOf(graph, inputs);
      const planned = await planModel(session, model, { backend: 'simd', calibration });
      return reportPlan(session, planned, 1, 'simd');
    };
    const made = await report([]);
    expect(made.ranges).toMatchObject({ madeUp: true });
    expect(made.ranges.description).toMatch(/^\d+ made-up inputs of random numbers from 0 to 1/);
    expect(planTable(made)).toMatch(/\nranges from\s+\d+ made-up inputs /);
    const given = await report(randomInputs(graph, 2, 1));
    expect(given.ranges).toEqual({ madeUp: false, inputs: 2, description: '2 given inputs' });
    expect(planTable(given)).toMatch(/\nranges from\s+2 given inputs\n/);
    expect(given.calibration).not.toBeNull();
    expect(given.predictedMs).toBeGreaterThan(0);
  });
});

// The compiler as a whole: sound plans in every packing, a card without weights, limits in words, and frozen formats.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { filledTensor, styleNetwork } from '../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import { executeGraph } from '../../model/execute.ts';
import { checkParameters } from '../../params/parameters.ts';
import { COST_TABLES } from '../../plan/cost-tables.ts';
import { countOperations, OPERATIONS, predictMs } from '../../plan/counts.ts';
import { pictureOf } from '../../plan/finish.ts';
import { type Diagonal, type Plan, rotationSteps, stageOutputs } from '../../plan/plan.ts';
import { encodePlan } from '../../plan/plan-codec.ts';
import { printPlan } from '../../plan/print.ts';
import { verifyPlan } from '../../plan/verify.ts';
import { createSimulator } from '../../server/simulator.ts';
import type { Preference } from '../../plan/preference.ts';
import { channelProgram } from './channel-program.ts';
import { compile } from './compile-channels.ts';
import { packings } from './packing.ts';

const costs = COST_TABLES.seal;
const network = (squares: 0 | 1 | 2, size = 21) =>
  styleNetwork(seededRandom(squares), { size, channels: 6, alphas: 4, squares });

describe('compile', () => {
  it.each([
    [0, 1, 21],
    [1, 1, 21],
    [2, 1, 21],
    [2, 2, 21],
    [2, 4, 21],
    [2, 4, 21, 'small-keys'],
    [1, 8, 21],
    [1, 8, 21, 'small-keys'],
    [0, 16, 9],
    [0, 1, 70],
    [1, 1, 70],
  ] as const)(
    'gives %i squares in packings of %i a sound plan whose simulation is the float network (%i modules, %s)',
    async (squares, blocksPerCiphertext, size, prefer: Preference = 'latency') => {
      const graph = network(squares, size);
      const { plan, card, predictedMs } = compile(graph, { costs, blocksPerCiphertext, prefer });
      expect(verifyPlan(plan)).toBe(plan);
      expect(card.input).toMatchObject({ count: plan.inputCount, scale: plan.inputScale });
      expect(card.output).toMatchObject({ count: stageOutputs(plan.stages.at(-1)!), level: 0 });
      expect(card.rotationSteps).toEqual(rotationSteps(plan));
      expect(card.relinearize).toBe(squares > 0);
      expect(card.input.layout.blocks.blocksPerCiphertext).toBe(blocksPerCiphertext);
      expect(predictedMs).toBe(predictMs(plan, costs));
      const random = seededRandom(9);
      const input = filledTensor([1, size, size], () => (random() < 0.5 ? 0 : 1));
      const reference = executeGraph(graph, input).data;
      const segment = { ...card, client: undefined };
      const { values } = await createSimulator().simulate(encodePlan(plan), segment, input.data, 1);
      const { precision } = pictureOf(card.output.layout.shape, card.finish, values, reference);
      expect(precision!.maxAbsError).toBeLessThan(0.01);
    },
  );

  it('puts two results into one ciphertext, or one where slots are to be real', async () => {
    const graph = network(2);
    const random = seededRandom(9);
    const input = filledTensor([1, 21, 21], () => (random() < 0.5 ? 0 : 1));
    const reference = executeGraph(graph, input).data;
    const [complex, real] = [false, true].map((realSlots) =>
      compile(graph, { costs, realSlots, blocksPerCiphertext: 1 }),
    );
    expect(complex.card.output.layout.isComplex).toBe(true);
    expect(real.card.output.layout.isComplex).toBeUndefined();
    expect(complex.card.output.count).toBe(Math.ceil(real.card.output.count / 2));
    const [ofComplex, ofReal] = [complex, real].map(({ plan }) => countOperations(plan));
    // Where each output has one input of its own, as many products, and half of the divisions.
    expect(ofComplex.multiplyPlain[1]).toBe(ofReal.multiplyPlain[1]);
    expect(ofComplex.rescale[1]).toBe(ofReal.rescale[1] / 2);
    for (const { plan, card } of [complex, real]) {
      const segment = { ...card, client: undefined };
      const { values } = await createSimulator().simulate(encodePlan(plan), segment, input.data, 1);
      const { precision } = pictureOf(card.output.layout.shape, card.finish, values, reference);
      expect(precision!.maxAbsError).toBeLessThan(0.01);
    }
  });

  it('makes a card that holds no weight of the network', () => {
    const graph = network(2);
    const { card } = compile(graph, { costs });
    const numbers = new Set<number>();
    JSON.stringify(card, (_, value: unknown) => {
      if (typeof value === 'number') numbers.add(value);
      return value;
    });
    expect(numbers.size).toBeGreaterThan(5);
    const weights = graph.nodes.flatMap((node) => (node.op === 'conv2d' ? [...node.weight.data] : []));
    expect(weights.length).toBeGreaterThan(50);
    expect(weights.filter((weight) => numbers.has(weight))).toEqual([]);
  });

  it('chooses the smallest parameters for the depth, or keeps those given', () => {
    const degree = (squares: 0 | 1 | 2): number =>
      compile(network(squares), { costs }).plan.parameters.polyModulusDegree;
    expect([degree(0), degree(1), degree(2)]).toEqual([4096, 8192, 8192]);
    const parameters = checkParameters({ polyModulusDegree: 8192, coeffModulusBits: [30, 30, 30] });
    expect(compile(network(0), { costs, parameters }).plan.parameters).toBe(parameters);
  });

  it('says so when the packing does not fit, the depth does not, or the parameters do not', () => {
    const act = (size: number, blocksPerCiphertext: number) => () =>
      compile(network(0, size), { costs, blocksPerCiphertext });
    expect(act(21, 16)).toThrow(expect.objectContaining({ code: 'does-not-fit' }));
    const parameters = checkParameters({ polyModulusDegree: 4096, coeffModulusBits: [30, 30, 30] });
    expect(() => compile(network(1), { costs, parameters })).toThrow(/no level/);
  });
});

describe('packings', () => {
  const program = channelProgram(network(2));
  const { parameters } = compile(network(2), { costs }).plan;

  it('offers what fits, the cheapest first by the costs given', () => {
    const sizes = (table: typeof costs): number[] =>
      packings(program, parameters, { costs: table, prefer: 'latency' })
        .filter(({ replicated }) => !replicated)
        .map(({ blocks }) => blocks.blocksPerCiphertext);
    expect([...sizes(costs)].sort((a, b) => a - b)).toEqual([1, 2, 4, 8]);
    const names = [...OPERATIONS, 'rotateHoisted', 'hoist', 'multiplyHoisted', 'encode'];
    const free = Object.fromEntries(names.map((name) => [name, () => 0])) as unknown as typeof costs;
    // Where only rotations cost, none is best; where only squares cost, few ciphertexts are.
    expect(sizes({ ...free, rotate: () => 1, rotateHoisted: () => 1 })[0]).toBe(1);
    expect(sizes({ ...free, square: () => 100 })[0]).toBe(8);
  });

  it('works on copies, without a rotation, where keys count; not where weights differ from place to place', () => {
    const chosen = (prefer: Preference): readonly number[] =>
      rotationSteps(compile(network(2), { costs, blocksPerCiphertext: 4, prefer }).plan);
    expect(chosen('latency')).not.toEqual([]);
    expect(chosen('small-keys')).toEqual([]);
    const [first, ...others] = program.steps;
    if (first.kind !== 'linear') throw new Error('The first step is linear.');
    const [map, ...maps] = first.maps;
    const rows = map.rows.map((row) => ({ ...row, bias: new Float32Array(map.positions) }));
    const varied = { ...program, steps: [{ ...first, maps: [{ ...map, rows }, ...maps] }, ...others] };
    const replicated = (of: typeof program): boolean =>
      packings(of, parameters, { costs }).some((packing) => packing.replicated);
    expect([replicated(program), replicated(varied)]).toEqual([true, false]);
  });

  it('estimates at least what lowering then needs of squares and rotations', () => {
    for (const blocksPerCiphertext of [1, 2, 4, 8]) {
      const { plan } = compile(network(2), { costs, blocksPerCiphertext, prefer: 'latency' });
      const counts = countOperations(plan);
      const squares = counts.square.reduce((sum, count) => sum + count, 0);
      expect(squares).toBe(2 * Math.ceil(6 / blocksPerCiphertext));
      const rotations = counts.rotate.reduce((sum, count) => sum + count, 0);
      if (blocksPerCiphertext === 1) expect(rotations).toBe(0);
      else expect(rotations).toBeGreaterThan(0);
    }
  });
});

/** A plan's content with every field in full: its vectors become the hash of their bytes. */
function hashPlan(plan: Plan): string {
  const text = JSON.stringify(plan, (_, value: unknown) => {
    if (value instanceof Float32Array)
      return createHash('sha256').update(new Uint8Array(value.buffer)).digest('hex');
    return typeof value === 'bigint' ? String(value) : value;
  });
  return createHash('sha256').update(text).digest('hex');
}

describe('frozen formats', () => {
  const { plan } = compile(network(2), { costs, blocksPerCiphertext: 2, prefer: 'latency' });

  it('a compiled plan and its print', () => {
    expect(createHash('sha256').update(printPlan(plan)).digest('hex')).toMatchInlineSnapshot(
      `"62a3cbe472f5f0e37fce385f60f26ef80c3941a454122493c1d235ff5d104c13"`,
    );
    expect(hashPlan(plan)).toMatchInlineSnapshot(
      `"644e1eb73315ff825555236884f2e31ab3a80967d6d3448c5dbaa06e82724b3a"`,
    );
  });

  it('notice one changed weight', () => {
    const [first, ...others] = plan.stages;
    if (first.kind !== 'linear') throw new Error('The first stage is linear.');
    const [row, ...rows] = first.rows;
    const bias: Diagonal = { kind: 'scalar', value: 0.125 };
    expect(hashPlan({ ...plan, stages: [first, ...others] })).toBe(hashPlan(plan));
    expect(
      hashPlan({ ...plan, stages: [{ ...first, rows: [{ ...row, bias }, ...rows] }, ...others] }),
    ).not.toBe(hashPlan(plan));
  });
});

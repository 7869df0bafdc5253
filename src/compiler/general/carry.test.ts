// Values carried on without a product: where weights can make it good they are, where not they are multiplied, and every
// plan still says what its network says.
import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../../fixtures/onnx-writer.ts';
import { reluNetwork } from '../../../fixtures/relu-network.ts';
import { FAST_COSTS, largestError, runClear, runNetwork, runSimd } from '../../../fixtures/run-network.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import { importOnnx } from '../../import/onnx/import-onnx.ts';
import { executeGraph } from '../../model/execute.ts';
import { elementCount, type Graph } from '../../model/graph.ts';
import { loadSeal } from '../../seal/load.ts';
import type { Diagonal, LinearRow, Pair } from '../../plan/plan.ts';
import { carryOn } from './carry.ts';
import { compileNetwork, type CompiledNetwork } from './compile-network.ts';
import type { DraftStage } from './emit-round.ts';

function pairsOf({ segments }: CompiledNetwork): Pair[] {
  return segments.flatMap(({ plan }) =>
    plan.stages.flatMap((stage) => (stage.kind === 'product' ? stage.pairs : [])),
  );
}

const carried = (network: CompiledNetwork): Pair[] =>
  pairsOf(network).filter(({ right }) => right === undefined);

/** `nodes` on an x of 1×4. */
function network(nodes: readonly (readonly [op: string, a: string, b: string, out: string])[]): Graph {
  return importOnnx(
    writeOnnx({
      opset: 13,
      input: { name: 'x', dims: [1, 4] },
      initializers: [5, 3].map((cycle, i) => ({
        name: 'wv'[i],
        dims: [4, 4],
        data: Array.from({ length: 16 }, (_value, at) => (at % cycle) / 7 - 0.2),
      })),
      nodes: nodes.map(([op, a, b, out]) => ({ op, inputs: [a, b], outputs: [out] })),
      output: 'y',
    }),
  );
}

// x waits for a matrix of its own, through one product and through two.
const READ_BY_WEIGHTS = network([
  ['Mul', 'x', 'x', 'q'],
  ['MatMul', 'q', 'w', 's'],
  ['MatMul', 'x', 'v', 't'],
  ['Add', 's', 't', 'y'],
]);
const READ_LATER = network([
  ['Mul', 'x', 'x', 'q'],
  ['Mul', 'q', 'q', 'r'],
  ['Mul', 'r', 'x', 'y'],
]);
// q waits for a sum of whole multiples that is squared: nothing but a product by 1 can give it the right scale.
const READ_BY_A_SUM = network([
  ['Mul', 'x', 'x', 'q'],
  ['Mul', 'q', 'q', 'r'],
  ['Add', 'r', 'q', 's'],
  ['Mul', 's', 's', 'y'],
]);

const inputFor = (graph: Graph): Float32Array =>
  Float32Array.from({ length: elementCount(graph.input.shape) }, seededRandom(3));

describe('values that are carried on', () => {
  it.each([
    ['leaves of a series, made of weights', reluNetwork(), true],
    ['what weights read', READ_BY_WEIGHTS, true],
    ['what weights read, two products later', READ_LATER, true],
    ['what a sum reads', READ_BY_A_SUM, false],
  ] as const)('%s: dropped or multiplied, and right in the simulation', async (_, graph, isDropped) => {
    const compiled = compileNetwork(graph, { costs: FAST_COSTS });
    expect(carried(compiled).length).toBeGreaterThan(0);
    expect(carried(compiled).every(({ drop }) => (drop ?? false) === isDropped)).toBe(true);
    const input = inputFor(graph);
    const expected = executeGraph(graph, { shape: graph.input.shape, data: input }).data;
    const error = largestError(await runNetwork(compiled, [input], runClear), [expected]);
    const { errorBound, approximationError } = compiled.report.segments[0];
    expect(error).toBeLessThan(errorBound + 2 * approximationError);
  });

  it.each([
    ['dropped', READ_BY_WEIGHTS],
    ['dropped twice', READ_LATER],
    ['multiplied', READ_BY_A_SUM],
  ] as const)('are right encrypted, %s', async (_, graph) => {
    const compiled = compileNetwork(graph, { costs: FAST_COSTS });
    const input = inputFor(graph);
    const expected = executeGraph(graph, { shape: graph.input.shape, data: input }).data;
    const actual = await runNetwork(compiled, [input], runSimd(await loadSeal()));
    expect(largestError(actual, [expected])).toBeLessThan(compiled.report.segments[0].errorBound);
  });
});

const scalar = (value: number): Diagonal => ({ kind: 'scalar', value });

function row(terms: readonly (readonly [input: number, weight: number])[], bias?: number): LinearRow {
  return {
    sums: [
      {
        giantStep: 0,
        terms: terms.map(([input, weight]) => ({ input, step: 0, diagonal: scalar(weight) })),
      },
    ],
    bias: bias === undefined ? undefined : scalar(bias),
  };
}

function linear(rows: readonly LinearRow[], isScaled: boolean): DraftStage {
  return { round: 0, kind: 'linear', layers: [], rows, isScaled, rescale: isScaled };
}

function product(pairs: readonly Pair[]): DraftStage {
  return { round: 0, kind: 'product', layers: [], pairs, factors: [] };
}

describe('carryOn', () => {
  // What is carried on through a product stage is worth 4 / 8 of what it was.
  const scales = [
    { inScale: 2, plainScale: 2, outScale: 4 },
    { inScale: 4, plainScale: 1, outScale: 8 },
    { inScale: 8, plainScale: 2, outScale: 2 },
  ];
  const square: Pair = { left: 0, right: 0 };
  const carry: Pair = { left: 1, right: undefined };
  const made = linear([row([[0, 1]]), row([[0, 3]], 5)], true);

  it('doubles the weights and the bias that make it, where it alone is made of them', () => {
    const read = linear([row([[0, 1], [1, 1]])], false); // prettier-ignore
    const { drafts, gains } = carryOn([made, product([square, carry]), read], scales, 1);
    expect(drafts[0]).toEqual(linear([row([[0, 1]]), row([[0, 6]], 10)], true));
    expect(drafts[1]).toMatchObject({ pairs: [square, { ...carry, drop: true }] });
    expect(drafts[2]).toEqual(read);
    expect(gains).toEqual([[1], [1, 2], [1, 1]]);
  });

  it('doubles the weights that read it, where others read what it is made of', () => {
    const read = linear([row([[0, 1], [1, 7]]), row([[1, 1]])], true); // prettier-ignore
    const pairs = [square, carry, { left: 1, right: 1 }];
    const { drafts, gains } = carryOn([made, product(pairs), read], scales, 1);
    expect(drafts[0]).toBe(made);
    expect(drafts[1]).toMatchObject({ pairs: [square, { ...carry, drop: true }, { left: 1, right: 1 }] });
    expect(drafts[2]).toEqual(linear([row([[0, 1], [1, 14]]), row([[1, 2]])], true)); // prettier-ignore
    expect(gains[2]).toEqual([1, 0.5, 1]);
  });

  it('leaves it multiplied where neither can be: others read it, and whole numbers read what it becomes', () => {
    const read = linear([row([[0, 1], [1, 1]]), row([[2, 1]])], false); // prettier-ignore
    const pairs = [square, carry, { left: 1, right: 1 }];
    const { drafts, gains } = carryOn([made, product(pairs), read], scales, 1);
    expect(drafts).toEqual([made, product(pairs), read]);
    expect(gains.flat().every((gain) => gain === 1)).toBe(true);
  });

  it('goes back through a product of two, of which one factor is made of weights', () => {
    const four = { inScale: 4, plainScale: 1, outScale: 4 };
    const stages = [
      linear([row([[0, 1]]), row([[0, 3]])], true),
      product([square, { left: 0, right: 1 }]),
      product([square, carry]),
      linear([row([[0, 1], [1, 1]])], false), // prettier-ignore
    ];
    const { drafts, gains } = carryOn(stages, [scales[0], four, scales[1], scales[2]], 1);
    expect(drafts[0]).toEqual(linear([row([[0, 1]]), row([[0, 6]])], true));
    expect(gains).toEqual([[1], [1, 2], [1, 2], [1, 1]]);
  });
});

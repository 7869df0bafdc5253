// Inputs at the ends of the declared range: an encrypted run of them keeps to what was predicted without any sample of theirs.
import { describe, expect, it } from 'vitest';
import { largestError, runNetwork, runSimd } from '../../fixtures/run-network.ts';
import { filledTensor } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { executeGraph } from '../model/execute.ts';
import { elementCount, type Graph, type Node, type Tensor } from '../model/graph.ts';
import { COST_TABLES } from '../plan/cost-tables.ts';
import { loadSeal } from '../seal/load.ts';
import { defaultSamples } from './calibrate.ts';
import { compileNetwork } from './general/compile-network.ts';
import { networkErrorBound } from './network-error.ts';

type Range = readonly [low: number, high: number];

/** What single precision does to outputs up to `size`. */
const singlePrecision = (size: number): number => 1e-6 * Math.max(1, size);

function chain(
  name: string,
  shape: readonly number[],
  ...nodes: readonly Omit<Node, 'id' | 'inputs'>[]
): Graph {
  const named = nodes.map((node, i) => ({ ...node, id: `v${i}`, inputs: [i === 0 ? 'x' : `v${i - 1}`] }));
  return { name, input: { id: 'x', shape }, nodes: named as Node[], output: `v${nodes.length - 1}` };
}

const square = (...shape: number[]) => ({ op: 'square', shape }) as const;
const dense = (outputs: number, inputs: number, seed: number) =>
  ({ op: 'linear', shape: [outputs], weight: filledTensor([outputs, inputs], seededRandom(seed)) }) as const;
const relu = (...shape: number[]) => ({ op: 'activation', function: { kind: 'relu' }, shape }) as const;

const networks: readonly (readonly [Graph, Range])[] = [
  [chain('six squares', [4], ...Array.from({ length: 6 }, () => square(4))), [0, 1]],
  [chain('squares of either sign', [4], square(4), square(4)), [-1.2, 1.2]],
  [chain('dense, square, dense', [12], dense(8, 12, 3), square(8), dense(3, 8, 4)), [0, 1]],
  [
    chain('dense and square of either sign', [6], dense(6, 6, 5), square(6), square(6), dense(2, 6, 6)),
    [-1, 1],
  ],
  [chain('a fitted activation', [8], dense(6, 8, 7), relu(6), dense(2, 6, 8)), [0, 1]],
];

const options = { costs: COST_TABLES.simd, tolerance: 0.1 };
/** Deep ones and one of mixed signs; the others take their turn with the long tests. */
const RUN_ALWAYS = ['six squares', 'dense, square, dense'];
/** Of six deviations and the worst slot. */
const ROOM = 1.5;

/** Inputs of `size` values that no sample need be like: all at one end, nearly so, and each at its own. */
function inputsAtTheEnds(size: number, [low, high]: Range): Float32Array[] {
  const random = seededRandom(99);
  const near = high - 0.01 * (high - low);
  const makers: ((at: number) => number)[] = [
    () => low,
    () => high,
    () => near,
    (at) => (at < size / 2 ? low : high),
    (at) => (at < size / 2 ? high : low),
    ...Array.from({ length: 3 }, () => () => (random() < 0.5 ? low : high)),
  ];
  return makers.map((value) => Float32Array.from({ length: size }, (_, at) => value(at)));
}

describe('inputs at the ends of the range', () => {
  it.each(networks.map(([graph, range]) => [graph.name, graph, range] as const))(
    'would raise the bound by little, were they samples as well: %s',
    (_, graph, range) => {
      const { shape } = graph.input;
      const samples = defaultSamples(graph, range);
      const ends = inputsAtTheEnds(elementCount(shape), range).map((data) => ({ shape, data }));
      const boundOver = (calibration: readonly Tensor[]): number => {
        const { segments } = compileNetwork(graph, { ...options, calibration });
        return networkErrorBound(segments, calibration);
      };
      expect(boundOver([...ends, ...samples])).toBeLessThan(ROOM * boundOver(samples));
    },
  );

  for (const [graph, range] of networks) {
    const tags = RUN_ALWAYS.includes(graph.name) ? [] : ['long'];
    it(`keep to the bound, encrypted: ${graph.name}`, { tags }, async () => {
      const calibration = defaultSamples(graph, range);
      const inputs = inputsAtTheEnds(elementCount(graph.input.shape), range);
      const network = compileNetwork(graph, { ...options, calibration, batch: inputs.length });
      const bound = networkErrorBound(network.segments, calibration);
      const expected = inputs.map((data) => executeGraph(graph, { shape: graph.input.shape, data }).data);
      const size = Math.max(...expected.flatMap((values) => [...values].map(Math.abs)));
      const actual = await runNetwork(network, inputs, runSimd(await loadSeal()));
      expect(largestError(actual, expected)).toBeLessThan(bound + singlePrecision(size));
    });
  }
});

// The general compiler end to end: random networks against the float executor, on the simulation and encrypted on SEAL.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomGraph, randomInputs } from '../../fixtures/random-graphs.ts';
import { FAST_COSTS, largestError, runClear, runNetwork, runSeal } from '../../fixtures/run-network.ts';
import { compileNetwork } from '../compiler/compile-network.ts';
import { executeGraph } from '../model/execute.ts';
import type { Graph } from '../model/graph.ts';
import { loadSeal } from '../seal/load.ts';

function floatOutputs(graph: Graph, inputs: readonly Float32Array[]): Float32Array[] {
  return inputs.map((data) => executeGraph(graph, { shape: graph.input.shape, data }).data);
}

describe('a random network', () => {
  it('computes on simulated slots what the float network does, within the predicted error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), fc.constantFrom(1, 1, 3, 16), async (seed, batch) => {
        const graph = randomGraph(seed);
        const inputs = randomInputs(graph, batch, seed);
        const network = compileNetwork(graph, { costs: FAST_COSTS, batch });
        const actual = await runNetwork(network, inputs, runClear);
        const error = largestError(actual, floatOutputs(graph, inputs));
        const { errorBound } = network.report.segments[0];
        expect(errorBound).toBeLessThan(0.3);
        // The float network itself is single precision.
        expect(error).toBeLessThan(errorBound + 1e-4);
      }),
      { numRuns: 60, seed: 4 },
    );
  }, 120_000);

  it('computes it encrypted', async () => {
    const seal = await loadSeal();
    for (const seed of [3, 11, 27, 42]) {
      const graph = randomGraph(seed);
      const inputs = randomInputs(graph, 2, seed);
      const network = compileNetwork(graph, { costs: FAST_COSTS, batch: 2 });
      const actual = await runNetwork(network, inputs, runSeal(seal));
      const error = largestError(actual, floatOutputs(graph, inputs));
      expect(error).toBeLessThan(network.report.segments[0].errorBound + 1e-4);
      expect(error).toBeLessThan(0.02);
    }
  }, 120_000);
});

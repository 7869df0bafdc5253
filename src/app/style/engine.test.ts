// The engine end to end: random position-wise networks, compiled, encrypted, evaluated and decrypted, against the float network.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clientKernelBytes } from '../../../fixtures/client-kernel.ts';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../../../fixtures/handle-count.ts';
import { kernelBytes, type KernelWatch, watchKernels } from '../../../fixtures/kernel-watch.ts';
import { styleCard } from '../../../fixtures/sample-cards.ts';
import { filledTensor, styleNetwork } from '../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import { createClientRole } from '../../client/client-role.ts';
import { compile } from '../../compiler/channels/compile-channels.ts';
import { executeGraph } from '../../model/execute.ts';
import { checkParameters } from '../../params/parameters.ts';
import { COST_TABLES } from '../../plan/cost-tables.ts';
import { partitionPlan } from '../../plan/partition.ts';
import { encodePlanPart } from '../../plan/plan-codec.ts';
import { encodeCard } from '../../protocol/card-codec.ts';
import { SERVER_BACKENDS, type ServerBackendName } from '../../protocol/backends.ts';
import { createEvaluator } from '../../server/evaluator.ts';
import { runDistributed } from '../../service/conductor.ts';

let handles: HandleWatch;
let kernels: KernelWatch;
beforeAll(async () => {
  await loadMeasuredSeal();
  handles = watchHandles();
  kernels = watchKernels();
});
afterEach(() => {
  expect(handles.live()).toEqual([]);
  expect(kernels.live()).toBe(0);
});
afterAll(() => {
  handles.stop();
  kernels.stop();
});

describe.each([
  { size: 21, squares: 0, blocks: 1, workers: 1, long: '' },
  { size: 21, squares: 2, blocks: 1, workers: 2, long: '' },
  // Here SEAL takes seconds, and has passed above.
  { size: 21, squares: 2, blocks: 4, workers: 1, long: 'seal' },
  { size: 33, squares: 1, blocks: 2, workers: 2, long: 'seal' },
  { size: 65, squares: 1, blocks: 1, workers: 2, long: 'seal' },
] as const)(
  '$squares squares over $size×$size modules, $blocks channels a ciphertext, $workers workers',
  ({ size, squares, blocks, workers, long }) => {
    const run = async (backend: ServerBackendName): Promise<void> => {
      const random = seededRandom(size + squares);
      const graph = styleNetwork(random, { size, channels: 4, alphas: blocks === 1 ? 1 : 4, squares });
      const input = filledTensor([1, size, size], () => (random() < 0.5 ? 0 : 1));
      const options = { costs: COST_TABLES[backend], blocksPerCiphertext: blocks };
      // SEAL reads the real parts of slots alone.
      const isSeal = backend === 'seal';
      const compiled = compile(graph, { ...options, realSlots: isSeal });
      const { plan, card } = compiled;
      const { parameters } = plan;
      expect(parameters).toBe(checkParameters(card.parameters));
      expect(card.input.layout.blocks.tiles).toBe(size === 65 ? 2 : 1);
      const client = createClientRole(isSeal ? {} : { kernel: clientKernelBytes() });
      const name = await client.open(encodeCard(styleCard(compiled)));
      const partition = partitionPlan(plan, workers);
      const planIds = partition.parts.map((_, index) => `p${index}`);
      const evaluators = await Promise.all(
        partition.parts.map(async (part, index) => {
          const evaluator = createEvaluator({ kernel: kernelBytes() });
          expect(await evaluator.open('c', card.parameters, backend)).toBe(backend);
          await evaluator.addPlan('c', planIds[index], encodePlanPart(part, parameters));
          return evaluator;
        }),
      );
      const reference = executeGraph(graph, input).data;
      const held: number[] = [];
      for (const runId of [1, 2, 3]) {
        // A picture has keys of its own.
        const { keys } = await client.prepare(name, 100);
        for (const evaluator of evaluators) {
          await evaluator.dropKeys('k');
          if (keys) await evaluator.addKeys('c', 'k', keys);
        }
        const { frames } = await client.encrypt(name, input.data);
        const run = { runId, planIds, keySet: 'k', partition, inputs: frames };
        const { outputs } = await runDistributed(evaluators, run);
        const result = await client.decrypt(name, outputs, 1, { reference, bound: 0.01 });
        if (result.kind !== 'picture') throw new Error('A style ends in a picture.');
        const { picture } = result;
        expect([3, picture.height, picture.width]).toEqual(graph.nodes.at(-1)!.shape);
        expect(picture.precision!.maxAbsError).toBeLessThan(0.01);
        held.push(kernels.live());
        if (backend === 'seal') break;
      }
      // Plans and keys are held from run to run, ciphertexts are not.
      expect(new Set(held).size).toBe(1);
      expect(held[0] > 0).toBe(backend === 'simd');
      await Promise.all([client.close(), ...evaluators.map((evaluator) => evaluator.close('c'))]);
    };

    for (const backend of SERVER_BACKENDS) {
      const tags = backend === long ? ['long'] : [];
      it(`decrypts to what the float network computes, on ${backend}`, { tags }, () => run(backend));
    }
  },
);

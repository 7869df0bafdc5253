// The engine end to end: random position-wise networks, compiled, encrypted, evaluated and decrypted, against the float network.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../../../fixtures/handle-count.ts';
import { kernelBytes, type KernelWatch, watchKernels } from '../../../fixtures/kernel-watch.ts';
import { filledTensor, styleNetwork } from '../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import { createClientRole } from '../../client/client-role.ts';
import { compile } from '../../compiler/channels/compile-channels.ts';
import { executeGraph } from '../../model/execute.ts';
import { checkParameters } from '../../params/parameters.ts';
import { COST_TABLES } from '../../plan/cost-tables.ts';
import { partitionPlan } from '../../plan/partition.ts';
import { SERVER_BACKENDS, type ServerBackendName } from '../../protocol/contracts.ts';
import { runDistributed } from '../../protocol/distribute.ts';
import { createServerRole } from '../../server/server-role.ts';

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
      const { plan, card } = compile(graph, { costs: COST_TABLES[backend], blocksPerCiphertext: blocks });
      expect(plan.parameters).toBe(checkParameters(card.parameters));
      expect(card.input.layout.blocks.tiles).toBe(size === 65 ? 2 : 1);
      const client = createClientRole();
      const { keys } = await client.prepare(card);
      const partition = partitionPlan(plan, workers);
      const servers = await Promise.all(
        partition.parts.map(async (part) => {
          const server = createServerRole({ kernel: kernelBytes() });
          expect(await server.open(card.parameters, backend)).toBe(backend);
          if (keys) await server.addKeys(keys);
          await server.addPlan('p', part);
          return server;
        }),
      );
      const { frames } = await client.encrypt(card, input.data);
      const reference = executeGraph(graph, input).data;
      const held: number[] = [];
      for (const runId of [1, 2, 3]) {
        const run = { runId, planId: 'p', partition, inputs: frames, signal: undefined };
        const { outputs } = await runDistributed(servers, run);
        const picture = await client.decryptPicture(card, outputs, reference);
        expect([3, picture.height, picture.width]).toEqual(graph.nodes.at(-1)!.shape);
        expect(picture.precision!.maxAbsError).toBeLessThan(0.01);
        held.push(kernels.live());
        if (backend === 'seal') break;
      }
      // Plans and keys are held from run to run, ciphertexts are not.
      expect(new Set(held).size).toBe(1);
      expect(held[0] > 0).toBe(backend === 'simd');
      await Promise.all([client.close(), ...servers.map((server) => server.close())]);
    };

    for (const backend of SERVER_BACKENDS) {
      const tags = backend === long ? ['long'] : [];
      it(`decrypts to what the float network computes, on ${backend}`, { tags }, () => run(backend));
    }
  },
);

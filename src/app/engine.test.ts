// The engine end to end: random position-wise networks, compiled, encrypted, evaluated and decrypted, against the float network.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelBytes, type KernelWatch, watchKernels } from '../../fixtures/kernel-watch.ts';
import { createClientRole } from '../client/client-role.ts';
import { compile } from '../compiler/compile.ts';
import { executeGraph } from '../model/execute.ts';
import type { Graph, Node, Tensor } from '../model/graph.ts';
import { checkParameters } from '../params/parameters.ts';
import { COST_TABLES } from '../plan/cost-tables.ts';
import { partitionPlan } from '../plan/partition.ts';
import { SERVER_BACKENDS } from '../protocol/contracts.ts';
import { runDistributed } from '../protocol/distribute.ts';
import { createServerRole } from '../server/server-role.ts';

/** A small linear congruential generator: the same network on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function tensor(shape: number[], value: () => number): Tensor {
  return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, value) };
}

/** A style network in small: conv 3×3, square, conv, square, conv, then a colour field over three copies. */
function network(size: number, channels: number, alphas: number): Graph {
  const random = seeded(size * 100 + channels);
  const around = (spread: number) => () => (random() - 0.5) * spread;
  const conv = (id: string, input: string, shape: [number, number, number, number], pad: number): Node => ({
    id,
    inputs: [input],
    shape: [shape[0], size, size],
    op: 'conv2d',
    weight: tensor(shape, around(1)),
    bias: tensor([shape[0]], around(0.5)),
    strides: [1, 1],
    pads: [pad, pad, pad, pad],
    dilations: [1, 1],
    groups: 1,
  });
  const colours = 3 * alphas;
  const nodes: Node[] = [
    conv('c1', 'x', [channels, 1, 3, 3], 1),
    { id: 's1', inputs: ['c1'], shape: [channels, size, size], op: 'square' },
    conv('c2', 's1', [channels, channels, 1, 1], 0),
    { id: 's2', inputs: ['c2'], shape: [channels, size, size], op: 'square' },
    conv('c3', 's2', [alphas, channels, 1, 1], 0),
    { id: 'cat', inputs: ['c3', 'c3', 'c3'], shape: [colours, size, size], op: 'concat', axis: 0 },
    {
      id: 'mul',
      inputs: ['cat'],
      shape: [colours, size, size],
      op: 'mulConstant',
      constant: tensor([colours, size, size], around(0.5)),
    },
    {
      id: 'add',
      inputs: ['mul'],
      shape: [colours, size, size],
      op: 'addConstant',
      constant: tensor([colours, 1, 1], random),
    },
    { id: 'd2s', inputs: ['add'], shape: [3, size * 2, size * 2], op: 'depthToSpace', block: 2, mode: 'CRD' },
  ];
  return { name: 'test', input: { id: 'x', shape: [1, size, size] }, nodes, output: 'd2s' };
}

let kernels: KernelWatch;
beforeAll(() => void (kernels = watchKernels()));
afterAll(() => kernels.stop());

describe.each([
  { size: 21, blocks: 1, workers: 1 },
  { size: 21, blocks: 8, workers: 2 },
  { size: 33, blocks: 2, workers: 2 },
  { size: 70, blocks: 1, workers: 2 },
])(
  'a $size×$size network with $blocks channels a ciphertext on $workers workers',
  ({ size, blocks, workers }) => {
    it.each(SERVER_BACKENDS)('decrypts to what the float network computes, on %s', async (backend) => {
      const graph = network(size, 8, 4);
      const random = seeded(7);
      const input = tensor([1, size, size], () => (random() < 0.5 ? 0 : 1));
      const costs = COST_TABLES[backend];
      const { plan, card } = compile(graph, { costs, blocksPerCiphertext: blocks });
      expect(plan.parameters).toBe(checkParameters(card.parameters));
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
        expect([picture.width, picture.height]).toEqual([2 * size, 2 * size]);
        expect(picture.precision!.maxAbsError).toBeLessThan(0.01);
        held.push(kernels.live());
        if (backend === 'seal') break;
      }
      // Plans and keys are held from run to run, ciphertexts are not.
      expect(new Set(held).size).toBe(1);
      expect(held[0] > 0).toBe(backend === 'simd');
      await Promise.all([client.close(), ...servers.map((server) => server.close())]);
      expect(kernels.live()).toBe(0);
    });
  },
);

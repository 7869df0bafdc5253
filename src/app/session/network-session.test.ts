// Networks over the roles in this thread: the same answers whatever the backend, the groups and the rounds.
import { afterEach, describe, expect, it } from 'vitest';
import { randomGraph, randomInputs } from '../../../fixtures/random-graphs.ts';
import { createClientRole } from '../../client/client-role.ts';
import {
  compileNetwork,
  type CompiledNetwork,
  type NetworkOptions,
} from '../../compiler/general/compile-network.ts';
import type { Graph, Node } from '../../model/graph.ts';
import { createServerRole } from '../../server/server-role.ts';
import { createSimulator } from '../../server/simulator.ts';
import { NETWORK_COSTS } from '../network/network-costs.ts';
import { type NetworkProgress, NetworkSession } from './network-session.ts';
import { clearOutputs, compareOutputs } from '../network/run-model.ts';
import type { WorkerFactory, WorkerHandle } from './workers.ts';

function handle<Role>(role: Role): WorkerHandle<Role> {
  const state = { role, dead: false, terminate: () => void (state.dead = true) };
  return state;
}

/** Workers in this thread; what the server roles were asked is counted. */
function localWorkers(): { factory: WorkerFactory; runs: number[]; clients: WorkerHandle<unknown>[] } {
  const runs: number[] = [];
  const clients: WorkerHandle<unknown>[] = [];
  const factory: WorkerFactory = {
    client: () => {
      const client = handle(createClientRole());
      clients.push(client);
      return client;
    },
    server: () => {
      const role = createServerRole();
      const worker = runs.push(0) - 1;
      return handle({
        ...role,
        run: (...args) => {
          runs[worker] += 1;
          return role.run(...args);
        },
      });
    },
    scan: () => {
      throw new Error('Networks scan nothing.');
    },
    simulator: () => handle(createSimulator()),
  };
  return { factory, runs, clients };
}

const HIDDEN = 12;

/** dense → relu → dense → square → dense, of layers 0 to 4. */
function reluNetwork(): Graph {
  const dense = (id: string, input: string, out: number, inputs: number): Node => ({
    id,
    inputs: [input],
    shape: [out],
    op: 'linear',
    weight: {
      shape: [out, inputs],
      data: Float32Array.from({ length: out * inputs }, (_, i) => Math.sin(i * 1.7 + out) / 4),
    },
  });
  const nodes: Node[] = [
    dense('a', 'x', HIDDEN, 20),
    { id: 'r', inputs: ['a'], shape: [HIDDEN], op: 'activation', function: { kind: 'relu' } },
    dense('b', 'r', HIDDEN, HIDDEN),
    { id: 's', inputs: ['b'], shape: [HIDDEN], op: 'square' },
    dense('c', 's', 5, HIDDEN),
  ];
  const layers = nodes.map(({ id, op }, index) => ({ index, name: id, type: op, output: id }));
  return { name: 'relu', input: { id: 'x', shape: [20] }, nodes, output: 'c', layers };
}

function compile(graph: Graph, options: Partial<NetworkOptions> = {}): CompiledNetwork {
  return compileNetwork(graph, { costs: NETWORK_COSTS.simd, ...options });
}

let session: NetworkSession | undefined;
afterEach(() => session?.close());

describe('a network session', () => {
  it.each(['clear', 'seal'] as const)(
    'gives what the float network gives on %s, group by group',
    async (backend) => {
      const graph = randomGraph(11);
      const inputs = randomInputs(graph, 5, 3);
      const network = compile(graph, { batch: 2 });
      const { factory, runs } = localWorkers();
      session = new NetworkSession(factory, 2);
      const progress: NetworkProgress[] = [];
      const outcome = await session.run(network, inputs, backend, {
        onProgress: (event) => progress.push(event),
      });
      expect(outcome.backend).toBe(backend);
      expect(compareOutputs(outcome.outputs, clearOutputs(network, inputs)).maxAbsError).toBeLessThan(0.02);
      expect(progress.at(-1)?.share).toBeCloseTo(1);
      const shares = progress.filter(({ stage }) => stage === 'evaluate').map(({ share }) => share);
      expect(shares).toEqual([...shares].sort((a, b) => a - b));
      if (backend === 'clear') return;
      // Several groups: each worker has some.
      expect(Math.min(...runs)).toBeGreaterThan(0);
      expect(outcome.bytes.evaluationKeys).toBeGreaterThan(0);
    },
  );

  it('lets the client compute a layer in the middle, and refreshes, with the same answers', async () => {
    const graph = reluNetwork();
    const inputs = randomInputs(graph, 3, 8);
    const { factory } = localWorkers();
    session = new NetworkSession(factory, 1);
    for (const refresh of [[], [2]]) {
      const network = compile(graph, { clientOps: true, refresh, batch: 2 });
      expect(network.report.rounds).toBe(1 + refresh.length);
      const { outputs, bytes } = await session.run(network, inputs, 'seal');
      expect(compareOutputs(outputs, clearOutputs(network, inputs)).maxAbsError).toBeLessThan(0.01);
      expect(bytes.rounds).toBeGreaterThan(0);
    }
  });

  it('makes keys once, and again when the client has died', async () => {
    const graph = reluNetwork();
    const network = compile(graph, { layers: [0, 0] });
    const inputs = randomInputs(graph, 1, 1);
    const { factory, clients } = localWorkers();
    session = new NetworkSession(factory, 1);
    const first = await session.run(network, inputs, 'seal');
    expect(first.bytes.evaluationKeys).toBeGreaterThan(0);
    expect((await session.run(network, inputs, 'seal')).bytes.evaluationKeys).toBe(0);
    clients[0].terminate();
    const again = await session.run(network, inputs, 'seal');
    expect(again.bytes.evaluationKeys).toBe(first.bytes.evaluationKeys);
    expect(compareOutputs(again.outputs, clearOutputs(network, inputs)).maxAbsError).toBeLessThan(0.01);
  });

  it('stops when told, and refuses inputs of another size', async () => {
    const network = compile(reluNetwork(), { layers: [0, 0] });
    session = new NetworkSession(localWorkers().factory, 1);
    const inputs = randomInputs(network.graph, 1, 1);
    await expect(session.run(network, inputs, 'seal', { signal: AbortSignal.abort() })).rejects.toMatchObject(
      {
        code: 'aborted',
      },
    );
    await expect(session.run(network, [new Float32Array(3)], 'seal')).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    await expect(session.run(network, [], 'clear')).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('measures operations, each of which takes time', async () => {
    const network = compile(reluNetwork(), { layers: [0, 0] });
    session = new NetworkSession(localWorkers().factory, 1);
    const times = await session.measure(network.segments[0].card.parameters, 'seal');
    expect(Object.values(times).every((value) => value > 0)).toBe(true);
    expect(times.rotate).toBeGreaterThan(times.multiplyScalar);
  });
});

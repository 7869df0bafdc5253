// What a time limit says: each caller's own advice, about what its user can change.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeWorker } from '../../../fixtures/fake-worker.ts';
import { filledTensor, styleNetwork } from '../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import { compile } from '../../compiler/channels/compile-channels.ts';
import { compileNetwork } from '../../compiler/general/compile-network.ts';
import type { Graph } from '../../model/graph.ts';
import { SEAL_COSTS } from '../../plan/cost-tables.ts';
import type { OperationTimes } from '../../protocol/contracts.ts';
import type { BfvTester } from '../../bfv/bfv-test.ts';
import { sweepBfv } from '../tester/bfv-sweep.ts';
import { NETWORK_COSTS } from '../network/network-costs.ts';
import { NetworkSession } from './network-session.ts';
import { testParameters } from '../tester/parameter-test.ts';
import { samplesOf } from '../network/plan-model.ts';
import { Session } from './session.ts';
import type { WorkerFactory } from './workers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TIMES: OperationTimes = {
  slots: 4096,
  primes: 2,
  rotate: 1,
  rotateHoisted: 1,
  hoist: 1,
  multiplyPlain: 1,
  multiplyScalar: 1,
  rescale: 1,
  relinearize: 1,
};

const never = (): Promise<never> => new Promise(() => undefined);

/** Workers that answer all calls but those of `silent`, which they never answer. */
function workersBut(silent: string): WorkerFactory {
  const start = (name: string) => () => {
    const answers: Record<string, () => unknown> = {
      open: () => 'seal',
      hasPlan: () => false,
      progress: () => 0,
      prepare: () => ({ keys: undefined, keygenMs: 1 }),
      encrypt: () => ({ frames: [Uint8Array.of(1)], encodeMs: 1, encryptMs: 1 }),
      measure: () => TIMES,
    };
    return new FakeWorker(name, { ...answers, [silent]: never }).handle<never>();
  };
  return {
    client: start('client'),
    server: start('server'),
    scan: start('scan'),
    simulator: start('simulator'),
  };
}

function sessionOn(workers: WorkerFactory): Session {
  const loadModel = (): Promise<never> => Promise.reject(new Error('No model is loaded here.'));
  return new Session({ workers, loadModel, serverWorkers: 1 });
}

/** The message of what `call` rejects with, once every limit has passed. */
async function messageOf(call: Promise<unknown>): Promise<string> {
  const outcome = call.then(
    () => expect.fail('It was answered.'),
    (error: unknown) => error as Error,
  );
  await vi.advanceTimersByTimeAsync(3_600_000);
  const error = await outcome;
  expect(error).toMatchObject({ code: 'timeout' });
  return error.message;
}

const dense: Graph = {
  name: 'dense',
  input: { id: 'x', shape: [4] },
  nodes: [
    {
      id: 'a',
      inputs: ['x'],
      shape: [2],
      op: 'linear',
      weight: filledTensor([2, 4], seededRandom(1)),
    },
  ],
  output: 'a',
  layers: [{ index: 0, name: 'a', type: 'Linear', output: 'a' }],
};
const inputs = [Float32Array.of(1, 2, 3, 4)];

describe('a time limit', () => {
  it.each(['prepare', 'encrypt', 'prove'] as const)(
    'says what helps a code that waits for "%s": a shorter text',
    async (method) => {
      const session = sessionOn(workersBut(method));
      const graph = styleNetwork(seededRandom(1), { size: 5, channels: 2, alphas: 1, squares: 0 });
      const { card } = compile(graph, { costs: SEAL_COSTS, blocksPerCiphertext: 1 });
      const calls = {
        prepare: () => session.prepareKeys(card),
        encrypt: () => session.encrypt(card, new Float32Array(25)),
        prove: () => session.prove({} as never),
      };
      expect(await messageOf(calls[method]())).toBe(
        'No answer within 300 s. Try a shorter text, or try again.',
      );
    },
  );

  it('speaks of no text before there is one', async () => {
    const session = sessionOn(workersBut('warm'));
    expect(await messageOf(session.warm())).toBe('No answer within 300 s. Try again.');
  });

  it.each(['open', 'prepare', 'addPlan', 'encrypt', 'run', 'simulateTensor', 'measure'])(
    'says what helps a network that waits for "%s", and speaks of no text',
    async (method) => {
      const network = compileNetwork(dense, { costs: NETWORK_COSTS.simd });
      const session = new NetworkSession(workersBut(method), 1);
      const { parameters } = network.segments[0].card;
      const call =
        method === 'measure'
          ? session.measure(parameters, 'simd')
          : session.run(network, inputs, method === 'simulateTensor' ? 'clear' : 'simd');
      expect(await messageOf(call)).toBe(
        'No answer within 300 s. Try a smaller network, fewer of its layers, or fewer inputs at once.',
      );
    },
  );

  it('says what helps a set of the parameter tester', async () => {
    const sets = [{ polyModulusDegree: 8192, coeffModulusBits: [30, 28, 30] }];
    const sweep = testParameters(workersBut('prepare'), {
      graph: dense,
      inputs,
      sets,
      threads: 1,
      calibration: samplesOf(dense, inputs),
      layersReport: false,
      backend: 'seal',
    });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(await sweep).toMatchObject([
      {
        ran: false,
        code: 'timeout',
        reason: 'No answer within 300 s. Try fewer layers or inputs, or a set of smaller degree.',
      },
    ]);
  });

  it('says what helps a BFV set', async () => {
    const start = () => new FakeWorker('bfv', { test: never }).handle<BfvTester>();
    const set = { name: 'one', m: 4096, p: 65537, sec: 128, base: 2 };
    const sweep = sweepBfv(start, { graph: dense, inputs, sets: [set], threads: 1 });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(await sweep).toMatchObject([
      {
        ran: false,
        code: 'timeout',
        reason: 'No answer within 1800 s. Try fewer layers or inputs, or a set of smaller degree.',
      },
    ]);
  });
});

// What a time limit says: each caller's own advice, about what its user can change.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeWorker } from '../../../fixtures/fake-worker.ts';
import { cardOfGraph, SessionBench } from '../../../fixtures/session-bench.ts';
import { filledTensor } from '../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import { type BfvTester, PYFHEL_DEFAULTS } from '../../bfv/bfv-test.ts';
import type { Graph } from '../../model/graph.ts';
import { samplesOf } from '../network/model-plan.ts';
import { StyleSession } from '../style/style-session.ts';
import { sweepBfv } from '../tester/bfv-sweep.ts';
import { testParameters } from '../tester/parameter-test.ts';
import type { SessionWorkers } from './workers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = (): Promise<never> => new Promise(() => undefined);

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

const weight = filledTensor([2, 4], seededRandom(1));
const dense: Graph = {
  name: 'dense',
  input: { id: 'x', shape: [4] },
  nodes: [{ id: 'a', inputs: ['x'], shape: [2], op: 'linear', weight }],
  output: 'a',
  layers: [{ index: 0, name: 'a', type: 'Linear', output: 'a' }],
};
const inputs = [Float32Array.of(1, 2, 3, 4)];

/** Workers none of which ever answers. */
const silent: SessionWorkers = {
  client: () => new FakeWorker('client', { open: never, warm: never }).handle(),
  service: () => new FakeWorker('service', { card: never, load: never, warm: never }).handle(),
  scan: () => new FakeWorker('scan', { prove: never, warm: never }).handle(),
};

describe('a time limit', () => {
  it.each([
    ['client', 'prepare'],
    ['client', 'encrypt'],
    ['client', 'decrypt'],
    ['service', 'putKeys'],
    ['service', 'evaluate'],
  ] as const)('says what its session’s user can do where a %s falls silent in "%s"', async (role, method) => {
    const bench = new SessionBench({ dense: cardOfGraph('dense', dense) }, 'Draw lots.');
    const card = await bench.card('dense');
    const [worker] = role === 'client' ? bench.clients : bench.services;
    worker.answers.set(method, never);
    expect(await messageOf(bench.run(card))).toBe('No answer within 300 s. Draw lots.');
  });

  it('says what helps a code: a shorter text', async () => {
    const session = new StyleSession(silent, never);
    const message = 'No answer within 300 s. Try a shorter text, or try again.';
    expect(await messageOf(session.prove({} as never))).toBe(message);
  });

  it('speaks of no text before there is one', async () => {
    const session = new StyleSession(silent, never);
    expect(await messageOf(session.warm())).toBe('No answer within 300 s. Try again.');
  });

  it('says what helps a set of the parameter tester', async () => {
    const sweep = testParameters(silent, {
      model: { graph: dense, file: { name: 'dense.onnx', bytes: new Uint8Array(1) } },
      inputs,
      sets: [{ polyModulusDegree: 8192, coeffModulusBits: [30, 28, 30] }],
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
    const start = () => new FakeWorker('bfv', { test: never, slots: never }).handle<BfvTester>();
    const set = { name: 'one', ...PYFHEL_DEFAULTS, p: 65537 };
    const sweep = sweepBfv(start, { graph: dense, inputs, sets: [set], threads: 1, findNearest: true });
    await vi.advanceTimersByTimeAsync(7_200_000);
    expect(await sweep).toMatchObject([
      {
        ran: false,
        code: 'timeout',
        reason: 'No answer within 3600 s. Try fewer layers or inputs, or a set of smaller degree.',
      },
    ]);
  });
});

// Runs of a card: every step in order, groups side by side, rounds through the client, and the float network's answers.
import { afterEach, describe, expect, it } from 'vitest';
import { writeOnnx } from '../../../fixtures/onnx-writer.ts';
import { Bench } from '../../../fixtures/service-bench.ts';
import { cardOfGraph, SessionBench } from '../../../fixtures/session-bench.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import { createClientRole } from '../../client/client-role.ts';
import { readModelFile } from '../../import/model-file.ts';
import type { Graph } from '../../model/graph.ts';
import type { InputGroup } from '../../protocol/client.ts';
import type { EvaluationRequest, ModelFile, NetworkOptions } from '../../protocol/service.ts';
import { nextTask } from '../../base/controls.ts';
import { clearOutputs } from '../network/clear-run.ts';
import { runSealed, runSimulated } from './run.ts';
import { Session } from './session.ts';
import { type StageEvent, Stages } from './stages.ts';
import { FakeWorker } from '../../../fixtures/fake-worker.ts';

const HIDDEN = 12;
const weights = (rows: number, columns: number) => ({
  dims: [rows, columns],
  data: Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * 1.7 + columns) / 4),
});

/** MatMul → Relu → MatMul → square → MatMul to 2, of layers 0 to 4. */
const file: ModelFile = {
  name: 'relu.onnx',
  bytes: writeOnnx({
    opset: 13,
    input: { name: 'x', dims: [1, 20] },
    initializers: [
      { name: 'a', ...weights(20, HIDDEN) },
      { name: 'b', ...weights(HIDDEN, HIDDEN) },
      { name: 'c', ...weights(HIDDEN, 2) },
    ],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'a'], outputs: ['h'] },
      { op: 'Relu', inputs: ['h'], outputs: ['r'] },
      { op: 'MatMul', inputs: ['r', 'b'], outputs: ['g'] },
      { op: 'Mul', inputs: ['g', 'g'], outputs: ['s'] },
      { op: 'MatMul', inputs: ['s', 'c'], outputs: ['y'] },
    ],
    output: 'y',
  }),
};
const graph: Graph = readModelFile(file.bytes, file);

function inputsOf(count: number, seed: number): Float32Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => Float32Array.from({ length: 20 }, random));
}

let closing: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of closing) await each.close();
  closing = [];
});

describe('a run through fake workers', () => {
  /** A session whose card has `rounds` rounds at the client and takes two inputs at a time. */
  async function open(refresh: readonly number[] = []) {
    const card = cardOfGraph('relu', graph, { clientOps: true, refresh, batch: 2 });
    const bench = new SessionBench({ relu: card });
    closing.push(bench.session);
    const named = await bench.card('relu');
    return { bench, card: named };
  }

  const calls = (worker: FakeWorker): [string, unknown][] =>
    worker.calls.flatMap(([method, first, second]): [string, unknown][] => {
      if (method === 'evaluate') return [['evaluate', (first as EvaluationRequest).segment]];
      if (method === 'encrypt' || method === 'decrypt') return [[method, undefined]];
      return method === 'hold' || method === 'encryptHeld' ? [[method, second]] : [];
    });

  it('takes its segments in order, each held at the client and encrypted again', async () => {
    const { bench, card } = await open([2]);
    expect(card.card.segments).toHaveLength(3);
    const outcome = await bench.run(card);
    expect(SessionBench.isRight(outcome)).toBe(true);
    expect(calls(bench.clients[0])).toEqual([
      ['encrypt', undefined],
      ['hold', 0],
      ['encryptHeld', 1],
      ['hold', 1],
      ['encryptHeld', 2],
      ['decrypt', undefined],
    ]);
    expect(calls(bench.services[0])).toEqual([0, 1, 2].map((segment) => ['evaluate', segment]));
    expect(outcome.timings).toMatchObject({
      encodeMs: 3,
      encryptMs: 3,
      evaluateMs: 3,
      roundMs: 2,
      decryptMs: 1,
    });
    const { request, response, rounds } = outcome.bytes;
    expect([request, response, rounds].map(Math.sign)).toEqual([1, 1, 1]);
  });

  it('has groups side by side, as many as there are evaluators, and every output in its place', async () => {
    const { bench, card } = await open();
    const [service] = bench.services;
    const evaluate = service.answers.get('evaluate') as (request: EvaluationRequest) => unknown;
    let [now, most] = [0, 0];
    const siblings = new Set<unknown>();
    service.answers.set('evaluate', async (request: EvaluationRequest) => {
      now += 1;
      most = Math.max(most, now);
      siblings.add(request.siblings);
      // Whoever else is under way comes first.
      for (let turn = 0; turn < 50; turn += 1) await nextTask();
      now -= 1;
      return evaluate(request);
    });
    let decrypted = 0;
    bench.clients[0].answers.set('decrypt', (_hash: string, _frames: unknown, { inputs }: InputGroup) => {
      const values = Float32Array.from({ length: inputs * 2 }, () => decrypted);
      decrypted += 1;
      return { kind: 'tensor', values, decryptMs: 1 };
    });
    const events: StageEvent[] = [];
    const { outputs } = await bench.run(card, { onStage: (event) => events.push(event) }, 5);
    expect([most, [...siblings]]).toEqual([2, [2]]);
    expect(outputs.map(([first]) => first)).toEqual([0, 0, 1, 1, 2]);
    const held = bench.clients[0].calls.filter(([method]) => method === 'hold').map((call) => call[4]);
    expect(held.map((group) => (group as { first: number }).first).sort()).toEqual([0, 2, 4]);
    expect(held.map((group) => (group as { inputs: number }).inputs).sort()).toEqual([1, 2, 2]);
    const shares = events.flatMap((event) =>
      event.state === 'progress' && event.stage === 'evaluate' ? [event.share] : [],
    );
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBeCloseTo(1);
  });

  it('begins no other group once one has failed', async () => {
    const { bench, card } = await open();
    const [service] = bench.services;
    service.answers.set('evaluate', () => Promise.reject(new Error('planted')));
    await expect(bench.run(card, {}, 9)).rejects.toThrow('planted');
    expect(calls(service).length).toBeLessThanOrEqual(2);
  });

  it('shows a single segment on a single group stage by stage, with what crosses the wire', async () => {
    const dense = cardOfGraph('dense', graph, { layers: [0, 0] });
    const bench = new SessionBench({ dense });
    closing.push(bench.session);
    const card = await bench.card('dense');
    const events: StageEvent[] = [];
    const outcome = await bench.run(card, { onStage: (event) => events.push(event) });
    const done = events.flatMap((event) => (event.state === 'done' ? [event] : []));
    expect(done.map(({ stage }) => stage)).toEqual([
      'keygen',
      'encrypt',
      'request',
      'evaluate',
      'response',
      'decrypt',
    ]);
    const { request, response, evaluationKeys } = outcome.bytes;
    expect(done.map(({ bytes }) => bytes)).toEqual([
      undefined,
      undefined,
      request + evaluationKeys,
      undefined,
      response,
      undefined,
    ]);
    expect(done[2].sample).toBeInstanceOf(Uint8Array);
  });

  it('stops between its segments', async () => {
    const { bench, card } = await open();
    const controller = new AbortController();
    bench.clients[0].answers.set('hold', () => {
      controller.abort();
      return { decryptMs: 1 };
    });
    await expect(bench.run(card, { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(calls(bench.services[0])).toEqual([['evaluate', 0]]);
  });

  it('refuses inputs of another size, and none', async () => {
    const { bench, card } = await open();
    const stages = new Stages({});
    const invalid = { code: 'invalid-argument', stage: 'input' };
    for (const run of [runSealed, runSimulated]) {
      for (const inputs of [[], [new Float32Array(3)], [...inputsOf(1, 1), new Float32Array(19)]]) {
        await expect(run(bench.session, { card, inputs }, stages)).rejects.toMatchObject(invalid);
      }
    }
    expect(bench.clients[0].methods).toEqual(['open']);
  });
});

describe('a run through real roles', () => {
  /** A session over real roles in this thread, and the client's workers. */
  function openReal(evaluators: number): { session: Session; bench: Bench; clients: FakeWorker[] } {
    const bench = new Bench({ evaluators });
    const clients: FakeWorker[] = [];
    const service = new FakeWorker('service', bench.service as never);
    const session = new Session({
      advice: '',
      workers: {
        client: () => {
          clients.push(new FakeWorker('client', createClientRole() as never));
          return clients.at(-1).handle();
        },
        service: () => service.handle(),
        scan: () => expect.fail('Networks scan nothing.'),
      },
    });
    closing.push(session, bench.service);
    return { session, bench, clients };
  }

  const cardOf = async (session: Session, options: Omit<NetworkOptions, 'kind'>) =>
    session.card((await session.load(file)).id, { kind: 'network', ...options });

  const errorOf = (outputs: readonly Float32Array[], inputs: readonly Float32Array[], of = graph): number => {
    const wanted = clearOutputs(of, inputs);
    expect(outputs).toHaveLength(wanted.length);
    return Math.max(...wanted.flatMap((one, i) => [...one].map((x, at) => Math.abs(x - outputs[i][at]))));
  };

  it.each(['clear', 'simd', 'seal'] as const)(
    'gives what the float network gives on %s, group by group, with rounds and refreshes',
    async (backend) => {
      const { session, bench } = openReal(2);
      const inputs = inputsOf(3, 8);
      for (const refresh of [[], [2]]) {
        const options = {
          backend: backend === 'clear' ? 'simd' : backend,
          clientOps: true,
          refresh,
          batch: 2,
        } as const;
        const card = await cardOf(session, options);
        expect(card.card.segments).toHaveLength(2 + refresh.length);
        const run = backend === 'clear' ? runSimulated : runSealed;
        const { outputs, bytes } = await run(session, { card, inputs }, new Stages({}));
        expect(errorOf(outputs, inputs)).toBeLessThan(0.01);
        if (backend === 'clear') continue;
        expect(bytes.rounds).toBeGreaterThan(0);
      }
      const runs = bench.evaluators.map(({ methods }) => methods.filter((method) => method === 'run').length);
      // Several groups: each evaluator has some. The simulation needs no more than the one that was opened.
      if (backend === 'clear') expect(Math.max(...runs)).toBe(0);
      else expect(Math.min(...runs)).toBeGreaterThan(0);
    },
  );

  it('makes keys once, and again when the client has died, and is right each time', async () => {
    const { session, clients } = openReal(1);
    const card = await cardOf(session, { backend: 'simd', layers: [2, 4] });
    const part = { ...graph, input: { id: 'r', shape: [HIDDEN] }, nodes: graph.nodes.slice(2) };
    const inputs = [Float32Array.from({ length: HIDDEN }, (_, i) => Math.cos(i) / 2)];
    const run = async (): Promise<number> => {
      const { outputs, bytes } = await runSealed(session, { card, inputs }, new Stages({}));
      expect(errorOf(outputs, inputs, part)).toBeLessThan(0.01);
      return bytes.evaluationKeys;
    };
    const first = await run();
    expect(first).toBeGreaterThan(0);
    expect(await run()).toBe(0);
    clients[0].die();
    expect(await run()).toBe(first);
    await expect(
      runSealed(session, { card, inputs }, new Stages({ signal: AbortSignal.abort() })),
    ).rejects.toMatchObject({ code: 'aborted' });
    expect(await run()).toBe(0);
  });
});

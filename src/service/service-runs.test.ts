// A service at work: whose keys are used for whom, what goes when there is no room, what replaces an evaluator that dies.
import { afterEach, describe, expect, it } from 'vitest';
import type { FakeWorker } from '../../fixtures/fake-worker.ts';
import { writeOnnx } from '../../fixtures/onnx-writer.ts';
import {
  Bench,
  cardOf,
  Customer,
  customer,
  expected,
  holdRun,
  input,
  simd,
} from '../../fixtures/service-bench.ts';
import { BACKEND_HASHES } from '../../workers/platform/backend-hashes.ts';
import { createClientRole } from '../client/client-role.ts';
import type { EvaluationRequest } from '../protocol/service.ts';

let bench: Bench;
afterEach(() => bench.service.close());

describe('keys', () => {
  it('are refused for other parameters than those of their set, and for cards that are not there', async () => {
    bench = new Bench();
    const { bytes } = await cardOf(bench);
    const parameters = { polyModulusDegree: 16384, coeffModulusBits: [30, 28, 28, 30] };
    const other = await cardOf(bench, { ...simd, parameters });
    const first = await customer(bench, 'one', bytes);
    const second = await new Customer(bench, 'one').open(other.bytes);
    await expect(second.putKeys()).rejects.toMatchObject({ code: 'invalid-argument' });
    await first.expectRight();
    const gone = bench.service.putKeys('0'.repeat(64), 'one', new Uint8Array(9));
    await expect(gone).rejects.toMatchObject({ code: 'card-gone' });
  });

  it('of a second client never replace those of the first', async () => {
    bench = new Bench({ evaluators: 2 });
    const { bytes } = await cardOf(bench);
    const customers = [await customer(bench, 'one', bytes)];
    await customers[0].expectRight();
    customers.push(await customer(bench, 'two', bytes));
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(
        customers.map((each, index) => each.expectRight(input.map((x) => x * (1 - 0.1 * (round + index))))),
      );
    }
    // The other's keys make noise of it.
    const mixed = await customers[1].bound((await customers[0].request()).frames);
    const noise = await customers[0].decrypt((await bench.service.evaluate(mixed)).frames);
    expect(Math.max(...noise.map((value, i) => Math.abs(value - expected(input)[i])))).toBeGreaterThan(1);
    await customers[0].expectRight();
  });

  it('and requests that have not arrived as they were sent are refused, before anything is computed', async () => {
    bench = new Bench();
    const { bytes, card } = await cardOf(bench);
    const [one, two] = [await customer(bench, 'one', bytes), await customer(bench, 'two', bytes)];
    const request = await one.request();
    const other = await two.request();
    const wrong: [string, Partial<EvaluationRequest>][] = [
      ['keys', { keySet: 'two' }],
      ['keys', { keys: other.keys }],
      ['request', { run: 'another' }],
      ['request', { frames: other.frames }],
      ['request', { request: other.request }],
    ];
    for (const [part, change] of wrong) {
      await expect(bench.service.evaluate({ ...request, ...change })).rejects.toMatchObject({
        code: 'hash-mismatch',
        detail: { part },
      });
    }
    expect(bench.evaluators.flatMap(({ methods }) => methods)).not.toContain('run');
    const { frames, binding } = await bench.service.evaluate(request);
    await one.expectAnswer(frames);
    const { run, keys, request: whole } = request;
    expect(binding).toMatchObject({ run, card: one.hash, keys, request: whole });
    const kernel = BACKEND_HASHES.simd;
    expect(binding).toMatchObject({ plan: card.planHash, backend: 'simd', kernel });
    expect(binding.tables).toMatch(/^[0-9a-f]{64}$/);
  });

  it('are of one backend, also where the plans of both are alike, byte for byte', async () => {
    bench = new Bench();
    const bytes = writeOnnx({
      opset: 13,
      input: { name: 'x', dims: [1, 1] },
      initializers: [],
      nodes: [{ op: 'Mul', inputs: ['x', 'x'], outputs: ['y'] }],
      output: 'y',
    });
    const file = { name: 'square.onnx', bytes };
    const [fast, slow] = [
      await cardOf(bench, simd, file),
      await cardOf(bench, { ...simd, backend: 'seal' }, file),
    ];
    expect(fast.card.planHash).toBe(slow.card.planHash);
    const [one, two] = [await customer(bench, 'one', fast.bytes), await customer(bench, 'two', slow.bytes)];
    for (const each of [one, two, one]) {
      const { frames } = await bench.service.evaluate(await each.request(Float32Array.of(0.5)));
      expect((await each.decrypt(frames))[0]).toBeCloseTo(0.25, 2);
    }
    const wrong = { ...(await two.request(Float32Array.of(0.5))), keySet: 'one' };
    await expect(bench.service.evaluate(wrong)).rejects.toMatchObject({ code: 'keys-gone' });
  });

  it('are missed where they, the card or the segment are not there', async () => {
    bench = new Bench();
    const { bytes } = await cardOf(bench);
    const one = await new Customer(bench, 'one').open(bytes);
    const mine = await customer(bench, 'mine', bytes);
    const request = await mine.request();
    const { service } = bench;
    await expect(service.evaluate({ ...request, keySet: one.keySet })).rejects.toMatchObject({
      code: 'keys-gone',
    });
    await expect(service.evaluate({ ...request, card: '0'.repeat(64) })).rejects.toMatchObject({
      code: 'card-gone',
    });
    await expect(service.evaluate({ ...request, segment: 1 })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    await service.drop('mine');
    await expect(service.evaluate(request)).rejects.toMatchObject({ code: 'keys-gone' });
  });

  it('used least recently go where there is no room, never those in use', async () => {
    const probe = new Bench();
    bench = probe;
    const { bytes } = await cardOf(probe);
    const { keyBytes } = await customer(probe, 'probe', bytes);
    await probe.service.close();
    bench = new Bench({ keyBytes: 2.5 * keyBytes, evaluators: 2 });
    await cardOf(bench);
    const [one, two] = [await customer(bench, 'one', bytes), await customer(bench, 'two', bytes)];
    await one.expectRight();
    const three = await customer(bench, 'three', bytes);
    await expect(two.expectRight()).rejects.toMatchObject({ code: 'keys-gone' });
    await three.expectRight();
    // Now the first one's are the oldest, but in use.
    const held = holdRun(bench.evaluators[0]);
    const running = bench.service.evaluate(await one.request());
    await held.started;
    await three.expectRight();
    await customer(bench, 'four', bytes);
    held.go();
    await one.expectAnswer((await running).frames);
    await expect(three.expectRight()).rejects.toMatchObject({ code: 'keys-gone' });
    const dropped = bench.evaluators.flatMap(({ calls }) => calls).filter(([name]) => name === 'dropKeys');
    expect([...new Set(dropped.map(([, keySet]) => keySet))]).toEqual(['two', 'three']);
  });

  it('that went while they were still coming are gone: half a set is never used', async () => {
    bench = new Bench({ keyBytes: 1000 });
    const { bytes } = await cardOf(bench);
    const hash = await createClientRole().open(bytes);
    const { service } = bench;
    await service.putKeys(hash, 'one', new Uint8Array(600));
    await service.putKeys(hash, 'two', new Uint8Array(600));
    const rest = service.putKeys(hash, 'one', new Uint8Array(100));
    await expect(rest).rejects.toMatchObject({ code: 'keys-gone' });
  });

  it('that take more than the service holds are refused, and held no longer', async () => {
    bench = new Bench({ keyBytes: 1000 });
    const { bytes } = await cardOf(bench);
    const hash = await createClientRole().open(bytes);
    await bench.service.putKeys(hash, 'one', new Uint8Array(600));
    const more = bench.service.putKeys(hash, 'one', new Uint8Array(600));
    await expect(more).rejects.toMatchObject({ code: 'does-not-fit' });
    const huge = bench.service.putKeys(hash, 'two', new Uint8Array(1001));
    await expect(huge).rejects.toMatchObject({ code: 'does-not-fit' });
  });
});

describe('a run', () => {
  it('is right though its evaluator dies in the middle of it: another takes over', async () => {
    bench = new Bench();
    const { bytes } = await cardOf(bench);
    const one = await customer(bench, 'one', bytes);
    await one.expectRight();
    const held = holdRun(bench.evaluators[0]);
    const running = bench.service.evaluate(await one.request());
    await held.started;
    bench.evaluators[0].die();
    await one.expectAnswer((await running).frames);
    expect(bench.evaluators).toHaveLength(2);
    expect(bench.evaluators[1].methods).toContain('addKeys');
    await one.expectRight();
    expect(bench.evaluators).toHaveLength(2);
  });

  it('fails when its evaluator dies twice, and the next is right', async () => {
    bench = new Bench();
    const { bytes } = await cardOf(bench);
    const one = await customer(bench, 'one', bytes);
    const die = (worker: FakeWorker): void => {
      worker.answers.set('run', () => {
        worker.die();
        return new Promise(() => undefined);
      });
    };
    const { length: before } = bench.evaluators;
    bench.evaluators.forEach(die);
    bench.onEvaluator = die;
    const running = bench.service.evaluate(await one.request());
    await expect(running).rejects.toMatchObject({ code: 'worker-died' });
    expect(bench.evaluators).toHaveLength(before + 1);
    bench.onEvaluator = () => undefined;
    await one.expectRight();
  });

  it('is stopped by its caller: the evaluator is told, and the next is right', async () => {
    bench = new Bench();
    const { bytes } = await cardOf(bench);
    const one = await customer(bench, 'one', bytes);
    await one.expectRight();
    const held = holdRun(bench.evaluators[0]);
    const controller = new AbortController();
    const running = bench.service.evaluate(await one.request(), { signal: controller.signal });
    await held.started;
    expect(held.signals.map(({ aborted }) => aborted)).toEqual([false]);
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'aborted', stage: 'server' });
    expect(held.signals.map(({ aborted }) => aborted)).toEqual([true]);
    held.go();
    await one.expectRight();
    const runIds = bench.evaluators[0].calls
      .filter(([method]) => method === 'run')
      .map(([, run]) => (run as { runId: number }).runId);
    expect(new Set(runIds).size).toBe(runIds.length);
    expect(bench.evaluators).toHaveLength(1);
  });

  it('ends when its keys are dropped, and others go on', async () => {
    bench = new Bench({ evaluators: 2 });
    const { bytes } = await cardOf(bench);
    const [one, two] = [await customer(bench, 'one', bytes), await customer(bench, 'two', bytes)];
    await bench.service.warm();
    const held = bench.evaluators.map(holdRun);
    const runs = [bench.service.evaluate(await one.request()), bench.service.evaluate(await two.request())];
    await Promise.all(held.map(({ started }) => started));
    const ended = expect(runs[0]).rejects.toMatchObject({
      code: expect.stringMatching(/aborted|missing-key/) as string,
    });
    await bench.service.drop('one');
    for (const { go } of held) go();
    await ended;
    await two.expectAnswer((await runs[1]).frames);
  });

  it('is split over all evaluators or not, with the same answer, and told how far it is', async () => {
    bench = new Bench({ evaluators: 3 });
    const { bytes } = await cardOf(bench);
    const one = await customer(bench, 'one', bytes);
    const held: number[] = [];
    for (const siblings of [1, 3]) {
      const answer = await bench.service.evaluate(
        { ...(await one.request()), siblings },
        {
          onProgress: (share) => held.push(share),
        },
      );
      await one.expectAnswer(answer.frames);
      expect(answer.evaluateMs).toBeGreaterThan(0);
    }
    expect(held.every((share) => share >= 0 && share <= 1)).toBe(true);
  });

  it('starts no new evaluator once the service is closed under it', async () => {
    bench = new Bench();
    const { bytes } = await cardOf(bench);
    const one = await customer(bench, 'one', bytes);
    await bench.service.warm();
    const held = holdRun(bench.evaluators[0]);
    const running = bench.service.evaluate(await one.request());
    const outcome = expect(running).rejects.toMatchObject({ code: 'worker-died' });
    await held.started;
    await bench.service.close();
    await outcome;
    expect(bench.evaluators).toHaveLength(1);
  });
});

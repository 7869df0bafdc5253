// A session that is stopped: at once, wherever it is, and nothing is spoilt for the next run.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { filledTensor } from '../../../fixtures/small-engine.ts';
import { cardOfGraph, SessionBench } from '../../../fixtures/session-bench.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import type { Graph } from '../../model/graph.ts';

/** x → dense, 2 outputs. */
function dense(seed: number): Graph {
  const weight = filledTensor([2, 4], seededRandom(seed));
  return {
    name: `dense ${seed}`,
    input: { id: 'x', shape: [4] },
    nodes: [{ id: 'a', inputs: ['x'], shape: [2], op: 'linear', weight }],
    output: 'a',
  };
}

/** Two cards of the same parameters, and one of others. */
const cards = {
  shallow: cardOfGraph('shallow', dense(1)),
  sibling: cardOfGraph('sibling', dense(2)),
  deep: cardOfGraph('deep', {
    ...dense(3),
    nodes: [...dense(3).nodes, { id: 's', inputs: ['a'], shape: [2], op: 'square' }],
    output: 's',
  }),
};

/** The frames of keys that a service gets for one set. */
const whole = (secret: string): string[] => [`${secret}/4`, `${secret}/4`, `${secret}/2`];
const never = (): Promise<never> => new Promise(() => undefined);
const isRight = SessionBench.isRight;

let bench: SessionBench;
afterEach(() => {
  vi.useRealTimers();
  bench.session.close();
});

/** The keys of the first, second … service. */
const keys = (service = 0): string[] => bench.keysOf(bench.services[service]).map((put) => put.keys);
const names = (service = 0): string[] => [
  ...new Set(bench.keysOf(bench.services[service]).map(({ keySet }) => keySet)),
];
const held = (service = 0): string[] => bench.ask(bench.services[service], 'keySetNames');

describe('a stop', () => {
  it.each([
    ['encrypt', 'encrypt'],
    ['decrypt', 'decrypt'],
    ['evaluate', 'server'],
  ] as const)('during "%s" ends the run at once and spoils nothing', async (method, stage) => {
    bench = new SessionBench(cards);
    const card = await bench.card('shallow');
    const controller = new AbortController();
    const worker = [...bench.clients, ...bench.services].find(({ answers }) => answers.has(method))!;
    const answer = worker.answers.get(method)!;
    const asked = Promise.withResolvers<AbortSignal>();
    worker.answers.set(method, (...args: unknown[]) => {
      asked.resolve((args.at(-1) as { signal: AbortSignal }).signal);
      // It does its work all the same, and nobody hears of it.
      (answer as (...given: unknown[]) => unknown)(...args);
      return never();
    });
    const outcome = expect(bench.run(card, { signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
      stage,
    });
    const signal = await asked.promise;
    controller.abort();
    await outcome;
    // The worker hears of it, and lives on.
    expect([signal.aborted, worker.reason]).toEqual([true, undefined]);
    worker.answers.set(method, answer);
    expect(isRight(await bench.run(card))).toBe(true);
    expect(held()).toEqual(names().slice(-1));
    expect(keys()).toEqual(whole('secret 0.1'));
  });

  it.each(['prepare', 'putKeys'])(
    'during "%s" is heard at once; the keys under way are kept',
    async (method) => {
      bench = new SessionBench(cards);
      const card = await bench.card('shallow');
      const controller = new AbortController();
      const worker = [...bench.clients, ...bench.services].find(({ answers }) => answers.has(method))!;
      const answer = worker.answers.get(method) as (...given: unknown[]) => unknown;
      const asked = Promise.withResolvers<void>();
      const go = Promise.withResolvers<void>();
      worker.answers.set(method, async (...args: unknown[]) => {
        asked.resolve();
        await go.promise;
        return answer(...args);
      });
      const stopped = { code: 'aborted', stage: 'keygen' };
      const outcome = expect(bench.run(card, { signal: controller.signal })).rejects.toMatchObject(stopped);
      await asked.promise;
      controller.abort();
      await outcome;
      go.resolve();
      worker.answers.set(method, answer);
      expect(isRight(await bench.run(card))).toBe(true);
      expect(keys()).toEqual(whole('secret 0.1'));
    },
  );

  it('before anything is made leaves the keys as they are', async () => {
    bench = new SessionBench(cards);
    const card = await bench.card('shallow');
    await bench.run(card);
    await expect(bench.session.prepareKeys(card, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
      stage: 'keygen',
    });
    expect(isRight(await bench.run(card))).toBe(true);
    expect(keys()).toEqual(whole('secret 0.1'));
  });
});

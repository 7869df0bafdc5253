// The session over workers of this test: who is given what and what is replaced when it dies.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FakeWorker } from '../../../fixtures/fake-worker.ts';
import { filledTensor } from '../../../fixtures/small-engine.ts';
import { cardOfGraph, SessionBench, WANTED } from '../../../fixtures/session-bench.ts';
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

/** Two cards of the same parameters, one of another backend, and one of other parameters. */
const cards = {
  shallow: cardOfGraph('shallow', dense(1)),
  sibling: cardOfGraph('sibling', dense(2)),
  fast: cardOfGraph('fast', dense(1), {}, 'simd'),
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

/** Of the platform: the clock is stopped in some tests. */
const realImmediate = globalThis.setImmediate;

describe('keys', () => {
  it('are given to the service once, a few at a time, under one name', async () => {
    bench = new SessionBench(cards);
    const card = await bench.card('shallow');
    const shares: number[] = [];
    const { keySet } = await bench.session.prepareKeys(card, { onProgress: (share) => shares.push(share) });
    const outcomes = [await bench.run(card), await bench.run(card)];
    expect(outcomes.map(isRight)).toEqual([true, true]);
    expect(outcomes.map(({ bytes }) => bytes.evaluationKeys)).toEqual([3 * 'secret 0.1/4'.length, 0]);
    expect(outcomes.map((outcome) => outcome.keys)).toEqual([
      { made: 11, reused: 0 },
      { made: 0, reused: 11 },
    ]);
    expect([bench.clients.length, bench.services.length]).toEqual([1, 1]);
    expect(keys()).toEqual(whole('secret 0.1'));
    expect(names()).toEqual([keySet]);
    expect(shares.at(-1)).toBe(1);
  });

  it('are reported by the run that made them, and are none in the next', async () => {
    bench = new SessionBench(cards);
    const card = await bench.card('shallow');
    const first = await bench.run(card);
    expect(first.bytes.evaluationKeys).toBe(3 * 'secret 0.1/4'.length);
    expect(first.timings.keygenMs).toBe(3);
    expect((await bench.run(card)).bytes.evaluationKeys).toBe(0);
  });

  it('serve every card of their parameters, and others are made for other parameters', async () => {
    bench = new SessionBench(cards);
    const { shallow, sibling, deep } = {
      shallow: await bench.card('shallow'),
      sibling: await bench.card('sibling'),
      deep: await bench.card('deep'),
    };
    for (const card of [shallow, sibling, deep, shallow]) expect(isRight(await bench.run(card))).toBe(true);
    expect(keys()).toEqual([1, 2, 3].flatMap((count) => whole(`secret 0.${count}`)));
    expect(names()).toHaveLength(3);
    // What is not used any more is dropped.
    expect(held()).toEqual(names().slice(2));
  });

  it('serve one backend: none reads the keys of another', async () => {
    bench = new SessionBench(cards);
    for (const model of ['shallow', 'fast'] as const) {
      await bench.session.prepareKeys(await bench.card(model));
    }
    expect(names()).toHaveLength(2);
  });

  it('are prepared once by several who ask at once', async () => {
    bench = new SessionBench(cards);
    const card = await bench.card('shallow');
    const [one, two] = await Promise.all([bench.session.prepareKeys(card), bench.session.prepareKeys(card)]);
    expect(one.keySet).toBe(two.keySet);
    expect(keys()).toEqual(whole('secret 0.1'));
  });

  it('stay those of a run while others of the same parameters are prepared beside it', async () => {
    bench = new SessionBench(cards);
    const [shallow, sibling] = [await bench.card('shallow'), await bench.card('sibling')];
    const outcomes = await Promise.all([bench.run(shallow), bench.run(sibling), bench.run(shallow)]);
    expect(outcomes.map(isRight)).toEqual([true, true, true]);
    expect(keys()).toEqual(whole('secret 0.1'));
  });

  it('are never those of another run: one whose keys were replaced meanwhile starts again', async () => {
    bench = new SessionBench(cards);
    const [shallow, deep] = [await bench.card('shallow'), await bench.card('deep')];
    await bench.session.prepareKeys(shallow);
    const [service] = bench.services;
    const evaluate = service.answers.get('evaluate') as (request: unknown) => unknown;
    const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    service.answers.set('evaluate', async (request: unknown) => {
      service.answers.set('evaluate', evaluate);
      const answer = evaluate(request);
      asked.resolve();
      await gate.promise;
      return answer;
    });
    const running = bench.run(shallow);
    await asked.promise;
    await bench.session.prepareKeys(deep);
    gate.resolve();
    expect(isRight(await running)).toBe(true);
    expect(keys()).toEqual([1, 2, 3].flatMap((count) => whole(`secret 0.${count}`)));
  });
});

describe('a client that dies', () => {
  it('is replaced: keys are made anew under another name, and the old ones dropped', async () => {
    bench = new SessionBench(cards);
    const card = await bench.card('shallow');
    await bench.run(card);
    bench.clients[0].die();
    expect(isRight(await bench.run(card))).toBe(true);
    expect(bench.clients).toHaveLength(2);
    expect(keys()).toEqual([...whole('secret 0.1'), ...whole('secret 1.1')]);
    expect(names()).toHaveLength(2);
    expect(held()).toEqual(names().slice(1));
    expect(bench.services).toHaveLength(1);
  });

  it.each(['prepare', 'encrypt', 'decrypt'])(
    'in the middle of "%s" fails the run, not the next',
    async (method) => {
      bench = new SessionBench(cards);
      const card = await bench.card('shallow');
      const [client] = bench.clients;
      client.answers.set(method, () => {
        client.die();
        return never();
      });
      await expect(bench.run(card)).rejects.toMatchObject({ code: 'worker-died' });
      expect(isRight(await bench.run(card))).toBe(true);
      expect(held()).toHaveLength(1);
    },
  );

  it('while the service computes costs the run a second try', async () => {
    bench = new SessionBench(cards);
    const card = await bench.card('shallow');
    const [service] = bench.services;
    const evaluate = service.answers.get('evaluate') as (request: unknown) => unknown;
    service.answers.set('evaluate', (request: unknown) => {
      if (bench.clients.length === 1) bench.clients[0].die();
      return evaluate(request);
    });
    expect(isRight(await bench.run(card))).toBe(true);
    expect(keys()).toEqual([...whole('secret 0.1'), ...whole('secret 1.1')]);
  });
});

describe('a service that dies', () => {
  it('is replaced: the new one compiles the card again and gets new keys', async () => {
    bench = new SessionBench(cards);
    const card = await bench.card('shallow');
    await bench.run(card);
    bench.services[0].die();
    expect(isRight(await bench.run(card))).toBe(true);
    expect(bench.services).toHaveLength(2);
    expect([bench.clients.length, held(1).length]).toEqual([1, 1]);
    // The client forgets the secret key: it would not give out those keys again.
    expect(bench.clients[0].methods).toContain('forget');
    expect(names(0)).not.toContain(held(1)[0]);
  });

  it.each(['putKeys', 'evaluate'])('in the middle of "%s" fails the run, not the next', async (method) => {
    bench = new SessionBench(cards);
    const card = await bench.card('shallow');
    const [service] = bench.services;
    service.answers.set(method, () => {
      service.die();
      return never();
    });
    await expect(bench.run(card)).rejects.toMatchObject({ code: 'worker-died' });
    expect(isRight(await bench.run(card))).toBe(true);
    expect(bench.services).toHaveLength(2);
  });

  it('is given again what was loaded, for a card that is new and for one that is known', async () => {
    bench = new SessionBench(cards);
    bench.files.set('my.onnx', cardOfGraph('my.onnx', dense(9)));
    const file = { name: 'my.onnx', bytes: Uint8Array.of(1, 2, 3) };
    const { id } = await bench.session.load(file);
    const card = await bench.card(id);
    expect(isRight(await bench.run(card))).toBe(true);
    bench.services[0].die();
    expect(isRight(await bench.run(card))).toBe(true);
    bench.services[1].die();
    expect((await bench.card(id)).hash).toBe(card.hash);
    for (const service of bench.services) {
      const loads = service.calls.filter(([method]) => method === 'load').map(([, given]) => given);
      expect(loads).toEqual([file]);
    }
  });

  it('is asked again for a card that its plan, times and simulation are wanted of', async () => {
    bench = new SessionBench(cards);
    const { session } = bench;
    const card = await bench.card('shallow');
    const request = { segment: 0, values: new Float32Array(4), inputs: 1 };
    const questions = [
      () => session.explain(card),
      () => session.measure(card),
      () => session.predict(card, 1),
      async () => (await session.simulate(card, request, {})).evaluateMs,
    ];
    for (const [index, ask] of questions.entries()) {
      bench.services.at(-1).die();
      expect(await ask()).toEqual(['explained', 'measured', 5, 1][index]);
    }
    expect(bench.services).toHaveLength(5);
  });
});

describe('a service that has let go', () => {
  it.each(['forgetKeys', 'forgetCards'] as const)(
    '%s: of that, and the answer is right all the same',
    async (what) => {
      bench = new SessionBench(cards);
      const card = await bench.card('shallow');
      await bench.run(card);
      bench.ask(bench.services[0], what);
      expect(isRight(await bench.run(card))).toBe(true);
      const again = what === 'forgetKeys' ? whole('secret 0.2') : [];
      // Cards and keys do not hang on one another.
      expect(keys()).toEqual([...whole('secret 0.1'), ...again]);
      expect([bench.clients.length, bench.services.length]).toEqual([1, 1]);
      expect(held()).toHaveLength(1);
    },
  );

  it('and does so again at once is asked no third time', async () => {
    bench = new SessionBench(cards);
    const card = await bench.card('shallow');
    const [service] = bench.services;
    const evaluate = service.answers.get('evaluate') as (request: unknown) => unknown;
    service.answers.set('evaluate', (request: unknown) => {
      bench.ask(service, 'forgetKeys');
      return evaluate(request);
    });
    await expect(bench.run(card)).rejects.toMatchObject({ code: 'keys-gone' });
    expect(service.methods.filter((method) => method === 'evaluate')).toHaveLength(2);
  });

  it('and gives another card for the same question is not believed', async () => {
    bench = new SessionBench(cards);
    const card = await bench.card('shallow');
    const [service] = bench.services;
    bench.ask(service, 'forgetCards');
    service.answers.set('card', () => cards.deep);
    const message = expect.stringMatching(/plan the run again/) as string;
    await expect(bench.run(card)).rejects.toMatchObject({ code: 'card-gone', message });
  });
});

describe('a worker', () => {
  type Act = (bench: SessionBench) => Promise<unknown>;
  const run: Act = async (b) => b.run(await b.card('shallow'));
  it.each<[string, Act, (bench: SessionBench) => FakeWorker[], string]>([
    ['client that opens a card', (b) => b.card('shallow'), (b) => b.clients, 'open'],
    ['client that makes keys', run, (b) => b.clients, 'prepare'],
    ['client that encrypts', run, (b) => b.clients, 'encrypt'],
    ['client that decrypts', run, (b) => b.clients, 'decrypt'],
    ['service that compiles', (b) => b.card('shallow'), (b) => b.services, 'card'],
    ['service that takes keys', run, (b) => b.services, 'putKeys'],
    ['service that computes', run, (b) => b.services, 'evaluate'],
    ['scanner', (b) => b.session.prove({} as never), (b) => b.scans, 'prove'],
  ])(
    'such as a %s that hangs is ended, and another started for the next call',
    async (_, act, list, method) => {
      bench = new SessionBench(cards);
      await act(bench);
      const [worker, ...others] = list(bench);
      expect(others).toEqual([]);
      let isAsked = false;
      worker.answers.set(method, () => {
        isAsked = true;
        return never();
      });
      // Keys that are there are not made again.
      if (method === 'putKeys') bench.clients[0].die();
      vi.useFakeTimers();
      const outcome = expect(act(bench)).rejects.toMatchObject({
        code: 'timeout',
        message: 'No answer within 300 s. Try something else.',
      });
      let isOver = false;
      const over = outcome.finally(() => (isOver = true));
      // Hashing is work of the platform's, for which no clock that is stopped waits.
      while (!isOver) {
        // Before the call that hangs, others are under way that have their time.
        await vi.advanceTimersByTimeAsync(isAsked ? 3_600_000 : 1);
        await new Promise((done) => realImmediate(done));
      }
      await over;
      expect(vi.getTimerCount()).toBe(0);
      vi.useRealTimers();
      expect(worker.reason).toBe('it took too long');
      await act(bench);
      expect(list(bench)).toHaveLength(2);
    },
  );

  it('that scans is replaced once it has died', async () => {
    bench = new SessionBench(cards);
    expect(await bench.session.prove({} as never)).toBe('proof');
    bench.scans[0].die();
    expect(await bench.session.prove({} as never)).toBe('proof');
    expect(bench.scans).toHaveLength(2);
  });

  it('of each kind is warmed, and the evaluators’ memory told', async () => {
    bench = new SessionBench(cards);
    await bench.session.warm();
    const all = [bench.clients, bench.services, bench.scans];
    expect(all.map((list) => list.map(({ methods }) => methods))).toEqual([
      [['warm']],
      [['warm']],
      [['warm']],
    ]);
    expect(await bench.session.serverMemoryBytes()).toEqual([42, 42]);
    expect(await bench.session.evaluators()).toBe(2);
  });

  it('is ended on close, with what waits for it', async () => {
    bench = new SessionBench(cards);
    await bench.session.warm();
    bench.scans[0].answers.set('prove', never);
    const waiting = bench.session.prove({} as never);
    bench.session.close();
    await expect(waiting).rejects.toMatchObject({ code: 'worker-died' });
    const all = [...bench.clients, ...bench.services, ...bench.scans];
    expect(all.map(({ reason }) => reason !== undefined)).toEqual([true, true, true]);
    await expect(bench.session.card('nowhere', WANTED)).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

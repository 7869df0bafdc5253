// A service as its callers see it: cards and what is compiled when, what it measures, simulates and ends.
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  Bench,
  cardOf,
  Customer,
  expected,
  holdCompiler,
  input,
  network,
  simd,
} from '../../fixtures/service-bench.ts';
import { createClientRole } from '../client/client-role.ts';
import { decodeCard } from '../protocol/card-codec.ts';
import type { NetworkOptions } from '../protocol/service.ts';

let bench: Bench;
afterEach(() => bench.service.close());

describe('cards', () => {
  const ended = (): boolean[] => bench.compilers.map(({ reason }) => reason !== undefined);

  it('are the same for the same options, and compiled once', async () => {
    bench = new Bench();
    const first = await cardOf(bench);
    const again = await cardOf(bench, { ...simd });
    expect(again.bytes).toEqual(first.bytes);
    expect(bench.compilations).toBe(1);
    const other = await cardOf(bench, { ...simd, layers: [0, 0] });
    expect(other.card.planHash).not.toBe(first.card.planHash);
    expect(bench.compilations).toBe(2);
    const samples = (value: number): NetworkOptions => ({
      ...simd,
      calibration: [{ shape: [6], data: new Float32Array(6).fill(value) }],
    });
    await cardOf(bench, samples(0.5));
    await cardOf(bench, samples(0.5));
    await cardOf(bench, samples(0.25));
    expect(bench.compilations).toBe(4);
    expect(first.card).toMatchObject({ model: first.id, backend: 'simd', result: { kind: 'tensor' } });
  });

  it('are compiled again when they were let go, with the same name', async () => {
    bench = new Bench({ planBytes: 1 });
    const first = await cardOf(bench);
    await cardOf(bench, { ...simd, layers: [0, 0] });
    const unknown = bench.service.explain(
      await new Customer(bench, 'x').open(first.bytes).then((c) => c.hash),
    );
    await expect(unknown).rejects.toMatchObject({ code: 'card-gone' });
    expect((await cardOf(bench)).bytes).toEqual(first.bytes);
    expect(bench.compilations).toBe(3);
  });

  it('name models by all that was given, and refuse what is not there or of another kind', async () => {
    bench = new Bench();
    const { service } = bench;
    const { id } = await service.load(network());
    expect((await service.load(network())).id).toBe(id);
    expect((await service.load({ ...network(), name: 'other.onnx' })).id).not.toBe(id);
    const invalid = { code: 'invalid-argument' };
    await expect(service.card('nowhere', simd)).rejects.toMatchObject(invalid);
    const colours = { start: [0, 0, 0], end: [0, 0, 0], background: [255, 255, 255] } as const;
    const style = { kind: 'style', modules: 21, pixelsPerModule: 8, colours, backend: 'simd' } as const;
    await expect(service.card(id, style)).rejects.toMatchObject(invalid);
    expect((await service.models()).every(({ kind }) => kind === 'style')).toBe(true);
    const rubbish = await service.load({ name: 'rubbish.onnx', bytes: new Uint8Array(9) });
    await expect(service.card(rubbish.id, simd)).rejects.toThrow(/rubbish\.onnx/);
  });

  it('are for SEAL where the kernel does not run', async () => {
    bench = new Bench();
    await bench.service.warm();
    bench.evaluators[0].answers.set('open', () => 'seal');
    expect((await cardOf(bench)).card.backend).toBe('seal');
  });

  it('come though the evaluator dies that is asked whether the kernel runs', async () => {
    bench = new Bench();
    await bench.service.warm();
    bench.evaluators[0].answers.set('open', () => {
      bench.evaluators[0].die();
      return new Promise(() => undefined);
    });
    expect((await cardOf(bench)).card.backend).toBe('simd');
    expect(bench.evaluators).toHaveLength(2);
  });

  it('are compiled once for all who ask at the same time', async () => {
    bench = new Bench();
    const { id } = await bench.service.load(network());
    const cards = await Promise.all([1, 2, 3].map(() => bench.service.card(id, { ...simd })));
    expect(bench.compilations).toBe(1);
    // To each a copy of its own: what a role returns is moved to its caller.
    expect(new Set(cards.map(({ buffer }) => buffer)).size).toBe(3);
    for (const card of cards) expect(card).toEqual(cards[0]);
  });

  it('come to one who waits though another who asked for the same stops; both stop the compiler', async () => {
    bench = new Bench();
    const { service, compilers } = bench;
    const { id } = await service.load(network());
    await service.warm();
    const aborted = { code: 'aborted', stage: 'compile' };
    const held = holdCompiler(compilers[0]);
    const controller = new AbortController();
    const first = expect(service.card(id, simd, { signal: controller.signal })).rejects.toMatchObject(
      aborted,
    );
    const second = service.card(id, simd);
    await held.started;
    controller.abort();
    await first;
    held.go();
    expect(decodeCard(await second).model).toBe(id);
    expect([bench.compilations, ...ended()]).toEqual([1, false]);

    const other = { ...simd, layers: [0, 0] } as const;
    holdCompiler(compilers[0]);
    const controllers = [new AbortController(), new AbortController()];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const both = controllers.map(({ signal }) =>
      expect(service.card(id, other, { signal })).rejects.toMatchObject(aborted),
    );
    await vi.advanceTimersByTimeAsync(0);
    for (const each of controllers) each.abort();
    await Promise.all(both);
    await vi.advanceTimersByTimeAsync(1000);
    vi.useRealTimers();
    expect(ended()).toEqual([true]);
    expect(decodeCard(await service.card(id, other)).model).toBe(id);
  });

  /** Two callers of one compiler that computes, of whom `stopped` stops. */
  async function oneOfTwo(
    stopped: 0 | 1,
    stop = async (abort: () => void): Promise<void> => abort(),
  ): Promise<{ held: ReturnType<typeof holdCompiler>; other: () => Promise<void> }> {
    bench = new Bench();
    const { service, compilers } = bench;
    const { id } = await service.load(network());
    await service.warm();
    const held = holdCompiler(compilers[0]);
    const controllers = [new AbortController(), new AbortController()];
    const calls = [
      service.card(id, simd, { signal: controllers[0].signal }),
      service.card(id, { ...simd, layers: [0, 0] }, { signal: controllers[1].signal }),
    ];
    const outcome = expect(calls[stopped]).rejects.toMatchObject({ code: 'aborted', stage: 'compile' });
    await vi.waitUntil(() => bench.compilations === 2);
    await stop(() => controllers[stopped].abort());
    await outcome;
    const other = async (): Promise<void> => expect(decodeCard(await calls[1 - stopped]).model).toBe(id);
    return { held, other };
  }

  it.each([0, 1] as const)(
    'come to one caller when caller %i stops, and the compiler is soon done',
    async (stopped) => {
      const { held, other } = await oneOfTwo(stopped);
      held.go();
      await other();
      expect(ended()).toEqual([false]);
    },
  );

  it.each([0, 1] as const)(
    'come to one caller when caller %i stops, and the compiler goes on',
    async (stopped) => {
      const { other } = await oneOfTwo(stopped, async (abort) => {
        vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
        abort();
        // It does not listen while it computes.
        await vi.advanceTimersByTimeAsync(1000);
        vi.useRealTimers();
      });
      await other();
      expect(ended()).toEqual([true, false]);
    },
  );
});

describe('a service', () => {
  it('says what it can do, and what it takes', async () => {
    bench = new Bench({ evaluators: 2, keyBytes: 5 });
    expect(await bench.service.capabilities()).toEqual({
      protocol: 1,
      backends: ['simd', 'seal'],
      evaluators: 2,
      keyBytes: 5,
      loads: true,
      explains: true,
    });
    expect(Object.isFrozen(bench.service)).toBe(true);
    expect(Object.getPrototypeOf(bench.service)).toBeNull();
  });

  it('simulates, explains, predicts, and starts another simulator in the place of one that died', async () => {
    bench = new Bench();
    const { service, simulators } = bench;
    const { bytes, card } = await cardOf(bench);
    const hash = await createClientRole().open(bytes);
    const request = { card: hash, segment: 0, values: input, inputs: 1 };
    for (const count of [1, 2]) {
      const { values } = await service.simulate(request);
      expected(input).forEach((value, i) => expect(values[i]).toBeCloseTo(value, 2));
      expect(simulators).toHaveLength(count);
      simulators[count - 1].die();
    }
    expect((await service.explain(hash)).outputShape).toEqual([4]);
    const typical = await service.predict(hash, 1);
    expect(typical).toBeGreaterThan(0);
    const times = { ...(await service.measure(hash)), rotate: 1e6, rotateHoisted: 1e6, relinearize: 1e6 };
    expect(await service.predict(hash, 1, times)).toBeGreaterThan(1e6);
    expect(card.expected.evaluateMs).toBeGreaterThan(0);
  });

  it('measures once for its parameters, for all who ask; one who stops does not stop the others', async () => {
    bench = new Bench();
    const { bytes } = await cardOf(bench);
    const hash = await createClientRole().open(bytes);
    const before = bench.evaluators.length;
    const controller = new AbortController();
    const [first, second] = [
      bench.service.measure(hash, { signal: controller.signal }),
      bench.service.measure(hash),
    ];
    const stopped = expect(first).rejects.toMatchObject({ code: 'aborted' });
    controller.abort();
    await stopped;
    const times = await second;
    expect(Object.values(times).every((value) => value > 0)).toBe(true);
    expect(await bench.service.measure(hash)).toEqual(times);
    expect(bench.evaluators).toHaveLength(before + 1);
    expect(bench.evaluators.at(-1).reason).toBeDefined();
  });

  it('warms its evaluators and its compiler, tells their memory, and ends all on close', async () => {
    bench = new Bench({ evaluators: 2 });
    await bench.service.warm();
    expect([bench.evaluators.length, bench.compilers.length]).toEqual([2, 1]);
    await cardOf(bench);
    expect((await bench.service.memoryBytes()).every((bytes) => bytes >= 0)).toBe(true);
    await bench.service.close();
    const all = [...bench.evaluators, ...bench.compilers];
    expect(all.every(({ reason }) => reason !== undefined)).toBe(true);
    // What is asked later starts anew.
    expect((await cardOf(bench)).card.segments).toHaveLength(1);
  });
});

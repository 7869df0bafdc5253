// The session over workers of this test: who is given what, what is replaced when it dies, and that a stop spoils nothing.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeWorker } from '../../../fixtures/fake-worker.ts';
import { styleNetwork } from '../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import { compile } from '../../compiler/channels/compile-channels.ts';
import { SEAL_COSTS } from '../../plan/cost-tables.ts';
import { partitionPlan } from '../../plan/partition.ts';
import { emptyRaster } from '../../base/raster.ts';
import type { ModelCard } from '../../plan/plan.ts';
import type { ServerBackendName } from '../../protocol/contracts.ts';
import type { ReadyPlan } from '../style/plans.ts';
import { Session } from './session.ts';
import type { WorkerFactory } from './workers.ts';

const WORKERS = 2;

/** A session and the workers it has started, by role, in order. */
class Bench {
  readonly clients: FakeWorker[] = [];
  readonly servers: FakeWorker[] = [];
  readonly scans: FakeWorker[] = [];
  readonly simulators: FakeWorker[] = [];
  readonly session: Session;

  constructor() {
    const started = (list: FakeWorker[], worker: FakeWorker): FakeWorker => {
      list.push(worker);
      return worker;
    };
    const factory: WorkerFactory = {
      client: () => started(this.clients, this.#client()).handle(),
      server: () => started(this.servers, this.#server()).handle(),
      scan: () => started(this.scans, new FakeWorker('scan', { prove: () => 'proof' })).handle(),
      simulator: () =>
        started(this.simulators, new FakeWorker('simulator', { simulate: () => 'simulated' })).handle(),
    };
    const loadModel = (): Promise<never> => Promise.reject(new Error('No model is loaded here.'));
    this.session = new Session({ workers: factory, loadModel, serverWorkers: WORKERS });
  }

  /** A client that makes keys once for each set of parameters, as the real one does. */
  #client(): FakeWorker {
    const number = this.clients.length;
    let made = '';
    return new FakeWorker('client', {
      prepare: (card: ModelCard) => {
        const parameters = JSON.stringify(card.parameters);
        const isNew = made !== parameters;
        made = parameters;
        return {
          keys: isNew ? Uint8Array.of(number, card.parameters.polyModulusDegree / 1024) : undefined,
          keygenMs: 1,
        };
      },
      encrypt: () => ({ frames: [Uint8Array.of(9)], encodeMs: 1, encryptMs: 1 }),
      decryptPicture: () => 'picture',
    });
  }

  #server(): FakeWorker {
    const plans = new Set<string>();
    let opening = '';
    return new FakeWorker('server', {
      open: (literal: object, backend: ServerBackendName) => {
        const wanted = JSON.stringify([literal, backend]);
        if (wanted !== opening) plans.clear();
        opening = wanted;
        return backend;
      },
      hasPlan: (id: string) => plans.has(id),
      addPlan: (id: string) => void plans.add(id),
      run: (_run: number, _id: string, _segment: number, _frames: unknown, wanted: number[]) => ({
        frames: wanted.map((index) => ({ index, frame: Uint8Array.of(index) })),
        busyMs: 1,
      }),
      progress: () => 0,
      memoryBytes: () => 42,
    });
  }

  /** What a run gives the workers before it evaluates. */
  async prepare(ready: ReadyPlan, signal?: AbortSignal): Promise<void> {
    await this.session.givePlan(ready, 'simd', signal);
    await this.session.prepareKeys(ready.card, signal);
    await this.session.giveKeys(signal);
  }

  evaluate(ready: ReadyPlan, signal?: AbortSignal): Promise<{ outputs: readonly Uint8Array[] }> {
    return this.session.evaluate(ready, [Uint8Array.of(1)], () => undefined, signal);
  }
}

/** A plan at N = 4096 and one at 8192. */
const [shallow, deep] = ([0, 1] as const).map((squares): ReadyPlan => {
  const graph = styleNetwork(seededRandom(1), { size: 5, channels: 2, alphas: 1, squares });
  const compiled = compile(graph, { costs: SEAL_COSTS, blocksPerCiphertext: 1 });
  const single = { ...partitionPlan(compiled.plan, WORKERS), needs: [[[0], [0]]] };
  const [segment] = single.owners.slice(-1);
  const partition = { ...single, owners: [segment] };
  return { ...compiled, id: `plan ${squares}`, graph, partition, foreground: emptyRaster(1, 1) };
});

/** Keys a server has been given: number of the client that made them, and N / 1024. */
function keysOf(server: FakeWorker): number[][] {
  return server.calls
    .filter(([method]) => method === 'addKeys')
    .map(([, frame]) => [...(frame as Uint8Array)]);
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a session', () => {
  it('gives every server its part of the plan and the keys, each once', async () => {
    const bench = new Bench();
    await bench.prepare(shallow);
    await bench.prepare(shallow);
    expect(bench.clients).toHaveLength(1);
    expect(bench.servers).toHaveLength(WORKERS);
    for (const [worker, server] of bench.servers.entries()) {
      expect(keysOf(server)).toEqual([[0, 4]]);
      const plans = server.calls.filter(([method]) => method === 'addPlan');
      expect(plans).toEqual([['addPlan', 'plan 0', shallow.partition.parts[worker]]]);
      expect(server.methods.indexOf('open')).toBe(0);
    }
    const { outputs } = await bench.evaluate(shallow);
    expect(outputs.map(([index]) => index)).toEqual(shallow.partition.owners[0].map((_, index) => index));
  });

  it('replaces a server that has died and gives the new one plan and keys, but the other nothing twice', async () => {
    const bench = new Bench();
    await bench.prepare(shallow);
    bench.servers[1].die();
    await bench.prepare(shallow);
    expect(bench.servers).toHaveLength(3);
    expect(keysOf(bench.servers[2])).toEqual([[0, 4]]);
    expect(bench.servers[2].calls).toContainEqual(['addPlan', 'plan 0', shallow.partition.parts[1]]);
    expect(keysOf(bench.servers[0])).toEqual([[0, 4]]);
    expect((await bench.evaluate(shallow)).outputs.length).toBeGreaterThan(0);
  });

  it('fails a run whose server dies in the middle of it, ends it elsewhere, and runs again', async () => {
    const bench = new Bench();
    await bench.prepare(shallow);
    const [first, second] = bench.servers;
    second.answers.set('run', () => {
      second.die();
      return new Promise(() => undefined);
    });
    await expect(bench.evaluate(shallow)).rejects.toMatchObject({ code: 'worker-died' });
    expect(first.methods.at(-1)).toBe('end');
    await bench.prepare(shallow);
    expect((await bench.evaluate(shallow)).outputs.length).toBeGreaterThan(0);
  });

  it('forgets the keys of a client that has died: the new one’s go to every server', async () => {
    const bench = new Bench();
    await bench.prepare(shallow);
    bench.clients[0].die();
    await bench.prepare(shallow);
    expect(bench.clients).toHaveLength(2);
    for (const server of bench.servers)
      expect(keysOf(server)).toEqual([
        [0, 4],
        [1, 4],
      ]);
    bench.servers[0].die();
    await bench.prepare(shallow);
    expect(keysOf(bench.servers[2])).toEqual([[1, 4]]);
  });

  it('gives a style with other parameters keys of its own, and new ones to the first when it comes back', async () => {
    const bench = new Bench();
    await bench.prepare(shallow);
    await bench.prepare(deep);
    await bench.prepare(shallow);
    for (const server of bench.servers)
      expect(keysOf(server)).toEqual([
        [0, 4],
        [0, 8],
        [0, 4],
      ]);
    const plans = bench.servers[0].calls.filter(([method]) => method === 'addPlan').map(([, id]) => id);
    expect(plans).toEqual(['plan 0', 'plan 1', 'plan 0']);
    bench.servers[0].die();
    await bench.prepare(shallow);
    expect(keysOf(bench.servers[2])).toEqual([[0, 4]]);
  });

  it('gives the keys again to servers that are opened anew, for another backend', async () => {
    const bench = new Bench();
    await bench.prepare(shallow);
    expect(await bench.session.givePlan(shallow, 'seal')).toBe('seal');
    await bench.session.giveKeys();
    for (const server of bench.servers)
      expect(keysOf(server)).toEqual([
        [0, 4],
        [0, 4],
      ]);
  });

  it('says that SEAL computes as soon as one server fell back on it', async () => {
    const bench = new Bench();
    await bench.prepare(shallow);
    expect(await bench.session.givePlan(shallow, 'simd')).toBe('simd');
    bench.servers[1].answers.set('open', () => 'seal');
    expect(await bench.session.givePlan(shallow, 'simd')).toBe('seal');
  });

  it('keeps the keys of a client that was making them when the run was stopped', async () => {
    const bench = new Bench();
    const controller = new AbortController();
    const stopped = bench.session.prepareKeys(shallow.card, controller.signal);
    controller.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'aborted', stage: 'keygen' });
    await bench.prepare(shallow);
    expect(keysOf(bench.servers[0])).toEqual([[0, 4]]);
  });

  it('stops a run: every server is told, and the next run has another number', async () => {
    const bench = new Bench();
    await bench.prepare(shallow);
    const controller = new AbortController();
    for (const server of bench.servers) server.answers.set('run', () => new Promise(() => undefined));
    const running = bench.evaluate(shallow, controller.signal);
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'aborted', stage: 'server' });
    const runs = (server: FakeWorker, method: string) =>
      server.calls.filter(([name]) => name === method).map(([, run]) => run);
    for (const server of bench.servers) {
      expect(runs(server, 'end')).toContain(runs(server, 'run')[0]);
      expect(server.reason).toBeUndefined();
      server.answers.set('run', (_r: number, _p: string, _s: number, _f: unknown, wanted: number[]) => ({
        frames: wanted.map((index) => ({ index, frame: Uint8Array.of(index) })),
        busyMs: 1,
      }));
    }
    await bench.evaluate(shallow);
    const [first, second] = runs(bench.servers[0], 'run');
    expect(second).not.toBe(first);
  });

  it.each<[string, (bench: Bench) => Promise<unknown>, (bench: Bench) => FakeWorker[], string]>([
    ['client that makes keys', (b) => b.session.prepareKeys(shallow.card), (b) => b.clients, 'prepare'],
    [
      'client that encrypts',
      (b) => b.session.encrypt(shallow.card, new Float32Array(25)),
      (b) => b.clients,
      'encrypt',
    ],
    [
      'client that decrypts',
      (b) => b.session.decrypt(shallow.card, [], undefined),
      (b) => b.clients,
      'decryptPicture',
    ],
    ['scanner', (b) => b.session.prove({} as never), (b) => b.scans, 'prove'],
    [
      'simulator',
      (b) => b.session.simulate(shallow, new Float32Array(25), undefined),
      (b) => b.simulators,
      'simulate',
    ],
    ['server that takes a plan', (b) => b.session.givePlan(shallow, 'simd'), (b) => b.servers, 'addPlan'],
  ])('ends a %s that hangs, and starts another for the next call', async (_, act, list, method) => {
    const bench = new Bench();
    await act(bench);
    const before = list(bench).length;
    for (const worker of list(bench)) {
      worker.answers.set(method, () => new Promise(() => undefined));
      worker.answers.set('hasPlan', () => false);
    }
    vi.useFakeTimers();
    const outcome = expect(act(bench)).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(3_600_000);
    await outcome;
    vi.useRealTimers();
    expect(list(bench).map(({ reason }) => reason)).toEqual(list(bench).map(() => 'it took too long'));
    await act(bench);
    expect(list(bench).length).toBeGreaterThan(before);
  });

  it('ends a server that falls silent in mid-run long before the time limit', async () => {
    const bench = new Bench();
    await bench.prepare(shallow);
    vi.useFakeTimers();
    for (const method of ['run', 'progress']) {
      bench.servers[1].answers.set(method, () => new Promise(() => undefined));
    }
    const outcome = expect(bench.evaluate(shallow)).rejects.toMatchObject({ code: 'worker-died' });
    await vi.advanceTimersByTimeAsync(30_000);
    await outcome;
    expect(bench.servers.map(({ reason }) => reason)).toEqual([undefined, 'it no longer answers']);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves alone a server that works and answers', async () => {
    const bench = new Bench();
    await bench.prepare(shallow);
    vi.useFakeTimers();
    const answer = Promise.withResolvers<unknown>();
    bench.servers[1].answers.set('run', () => answer.promise);
    const running = bench.evaluate(shallow);
    await vi.advanceTimersByTimeAsync(60_000);
    const wanted = bench.servers[1].calls.find(([method]) => method === 'run')![5] as number[];
    answer.resolve({ frames: wanted.map((index) => ({ index, frame: Uint8Array.of(index) })), busyMs: 1 });
    expect((await running).outputs.length).toBeGreaterThan(0);
    expect(bench.servers.map(({ reason }) => reason)).toEqual([undefined, undefined]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('replaces scanner and simulator once they have died', async () => {
    const bench = new Bench();
    expect(await bench.session.prove({} as never)).toBe('proof');
    bench.scans[0].die();
    expect(await bench.session.prove({} as never)).toBe('proof');
    expect(bench.scans).toHaveLength(2);
    expect(await bench.session.simulate(shallow, new Float32Array(25), undefined)).toBe('simulated');
    bench.simulators[0].die();
    await bench.session.simulate(shallow, new Float32Array(25), undefined);
    expect(bench.simulators).toHaveLength(2);
  });

  it('warms all it will need, and measures the memory of its servers', async () => {
    const bench = new Bench();
    await bench.session.warm();
    for (const worker of [...bench.clients, ...bench.scans, ...bench.servers])
      expect(worker.methods).toEqual(['warm']);
    expect([bench.clients, bench.scans, bench.servers].map((list) => list.length)).toEqual([1, 1, WORKERS]);
    expect(await bench.session.serverMemoryBytes()).toEqual([42, 42]);
  });

  it('ends every worker on close, and what waits for them', async () => {
    const bench = new Bench();
    await bench.session.warm();
    await bench.session.simulate(shallow, new Float32Array(25), undefined);
    bench.scans[0].answers.set('prove', () => new Promise(() => undefined));
    const waiting = bench.session.prove({} as never);
    bench.session.close();
    await expect(waiting).rejects.toMatchObject({ code: 'worker-died' });
    const all = [...bench.clients, ...bench.scans, ...bench.servers, ...bench.simulators];
    expect(all).toHaveLength(3 + WORKERS);
    expect(all.every(({ reason }) => reason !== undefined)).toBe(true);
  });
});

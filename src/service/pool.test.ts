// The evaluators of a service: turns, what each is given and when, what is replaced, what is forgotten.
import { watch } from '../base/worker-handle.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeWorker } from '../../fixtures/fake-worker.ts';
import { SMALL, TINY } from '../../fixtures/small-engine.ts';
import { contextOf, Pool, type Share } from './pool.ts';

/** A pool of fake evaluators, and those it has started, in order. */
function poolOf(size: number): { pool: Pool; workers: FakeWorker[]; memory: { bytes: number } } {
  const workers: FakeWorker[] = [];
  const memory = { bytes: 1 };
  const start = () => {
    const worker = new FakeWorker('evaluator', {
      open: (_name: string, _parameters: object, backend: string) => backend,
      progress: () => 0,
      memoryBytes: () => memory.bytes,
      measure: () => ({ rotate: 1 }),
    });
    workers.push(worker);
    return worker.handle<never>();
  };
  return { pool: new Pool({ start, size, memoryBudget: 100 }), workers, memory };
}

/** A run that holds its evaluators until it is let go. */
class Turn {
  indices: readonly number[] | undefined;
  readonly done: Promise<unknown>;
  readonly end: () => void;

  constructor(pool: Pool, wantsAll: boolean, signal?: AbortSignal) {
    const finished = Promise.withResolvers<void>();
    this.end = finished.resolve;
    this.done = pool.lend(wantsAll, signal, (indices) => {
      this.indices = indices;
      return finished.promise;
    });
    this.done.catch(() => undefined);
  }
}

/** Lets everything that can go on go on. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

afterEach(() => {
  vi.useRealTimers();
});

describe('turns', () => {
  it('are given in the order in which they were asked for', async () => {
    const { pool } = poolOf(1);
    const turns = [1, 2, 3].map(() => new Turn(pool, false));
    for (const [index, turn] of turns.entries()) {
      await settle();
      expect(turns.map(({ indices }) => indices !== undefined)).toEqual(turns.map((_, at) => at <= index));
      expect(turn.indices).toEqual([0]);
      turn.end();
    }
    await Promise.all(turns.map(({ done }) => done));
  });

  it('give all evaluators to a run that is alone, and one to each where there are others', async () => {
    const { pool } = poolOf(2);
    const alone = new Turn(pool, true);
    await settle();
    expect(alone.indices).toEqual([0, 1]);
    const [second, third] = [new Turn(pool, true), new Turn(pool, true)];
    await settle();
    expect([second.indices, third.indices]).toEqual([undefined, undefined]);
    alone.end();
    await settle();
    // The third was waiting; when it has its turn the second still runs.
    expect([second.indices, third.indices]).toEqual([[0], [1]]);
    const modest = new Turn(pool, false);
    second.end();
    await settle();
    expect(modest.indices).toEqual([0]);
    third.end();
    modest.end();
    await Promise.all([alone, second, third, modest].map(({ done }) => done));
    const again = new Turn(pool, true);
    await settle();
    expect([...again.indices!].sort()).toEqual([0, 1]);
    again.end();
    await again.done;
    const one = new Turn(pool, false);
    await settle();
    expect(one.indices).toHaveLength(1);
    one.end();
    await one.done;
  });

  it('are given up by a run that is stopped while it waits: the next moves up, and nothing is lost', async () => {
    const { pool } = poolOf(1);
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const first = new Turn(pool, false);
    const second = new Turn(pool, false, controller.signal);
    const third = new Turn(pool, false);
    await settle();
    controller.abort();
    await expect(second.done).rejects.toMatchObject({ code: 'aborted', stage: 'server' });
    expect(removed).toHaveBeenCalledOnce();
    first.end();
    await settle();
    expect([second.indices, third.indices]).toEqual([undefined, [0]]);
    third.end();
    await third.done;
    await expect(pool.lend(false, controller.signal, () => expect.fail())).rejects.toMatchObject({
      code: 'aborted',
    });
    expect(await pool.lend(false, undefined, (indices) => Promise.resolve(indices))).toEqual([0]);
  });

  it('go on after a run that fails', async () => {
    const { pool } = poolOf(2);
    const error = new Error('planted');
    await expect(pool.lend(true, undefined, () => Promise.reject(error))).rejects.toBe(error);
    expect(await pool.lend(true, undefined, (indices) => Promise.resolve(indices.length))).toBe(2);
  });
});

const context = contextOf(SMALL, 'simd');
const frames = [Uint8Array.of(1), Uint8Array.of(2)];

function shareOf(share: Partial<Share> = {}): Share {
  return { context, planId: 'p', part: () => Uint8Array.of(7), keySet: 'mine', keys: frames, ...share };
}

/** Plans or frames of keys an evaluator has been given. */
function given(worker: FakeWorker, method: string): unknown[][] {
  return worker.calls.filter(([name]) => name === method).map(([, ...args]) => args);
}

describe('an evaluator of the pool', () => {
  it('is given a plan and keys once, and later only what is new', async () => {
    const { pool, workers } = poolOf(1);
    await pool.at(0).give(shareOf(), undefined);
    await pool.at(0).give(shareOf({ part: () => expect.fail('The plan is there.') }), undefined);
    expect(workers).toHaveLength(1);
    const [worker] = workers;
    expect(worker.methods[0]).toBe('open');
    expect(given(worker, 'addPlan').map(([name, id, part]) => [name, id, part])).toEqual([
      [context.name, 'p', Uint8Array.of(7)],
    ]);
    expect(given(worker, 'addKeys')).toEqual(frames.map((frame) => [context.name, 'mine', frame]));
    await pool.at(0).give(shareOf({ keys: [...frames, Uint8Array.of(3)] }), undefined);
    await pool.at(0).give(shareOf({ keySet: 'theirs', keys: [Uint8Array.of(4)] }), undefined);
    expect(given(worker, 'addKeys').slice(2)).toEqual([
      [context.name, 'mine', Uint8Array.of(3)],
      [context.name, 'theirs', Uint8Array.of(4)],
    ]);
  });

  it('is replaced when it has died, and the new one given everything', async () => {
    const { pool, workers } = poolOf(2);
    for (const index of [0, 1]) await pool.at(index).give(shareOf(), undefined);
    workers[1].die();
    for (const index of [0, 1]) await pool.at(index).give(shareOf(), undefined);
    expect(workers).toHaveLength(3);
    expect(workers.map((worker) => given(worker, 'addKeys').length)).toEqual([2, 2, 2]);
    expect(workers.map((worker) => given(worker, 'addPlan').length)).toEqual([1, 1, 1]);
  });

  it('keeps the plans used last, and drops the oldest', async () => {
    const { pool, workers } = poolOf(1);
    for (const planId of ['a', 'b', 'c', 'a', 'd', 'b']) {
      await pool.at(0).give(shareOf({ planId, part: () => new Uint8Array(17e6) }), undefined);
    }
    expect(given(workers[0], 'addPlan').map(([, id]) => id)).toEqual(['a', 'b', 'c', 'd', 'b']);
    expect(given(workers[0], 'dropPlan')).toEqual([['b'], ['c']]);
  });

  it('keeps all stretches of a network while they are small', async () => {
    const { pool, workers } = poolOf(1);
    for (const run of ['first', 'second']) {
      for (let stretch = 0; stretch < 12; stretch += 1) {
        await pool.at(0).give(shareOf({ planId: `${stretch}`, keySet: run }), undefined);
      }
    }
    expect(given(workers[0], 'addPlan')).toHaveLength(12);
    expect(given(workers[0], 'dropPlan')).toEqual([]);
  });

  it('forgets a key set that is dropped: its keys are given anew when they come again', async () => {
    const { pool, workers } = poolOf(2);
    for (const index of [0, 1]) await pool.at(index).give(shareOf(), undefined);
    workers[1].die();
    await pool.dropKeys('mine');
    expect(given(workers[0], 'dropKeys')).toEqual([['mine']]);
    expect(given(workers[1], 'dropKeys')).toEqual([]);
    await pool.at(0).give(shareOf(), undefined);
    expect(given(workers[0], 'addKeys')).toHaveLength(4);
  });

  it('closes the contexts used least recently where its memory is over the budget', async () => {
    const { pool, workers, memory } = poolOf(1);
    const [tiny, slow] = [contextOf(TINY, 'simd'), contextOf(SMALL, 'seal')];
    for (const other of [context, tiny, slow, context]) {
      await pool.at(0).give(shareOf({ context: other, planId: other.name }), undefined);
    }
    expect(given(workers[0], 'close')).toEqual([]);
    memory.bytes = 101;
    workers[0].answers.set('close', () => void (memory.bytes = 100));
    await pool.at(0).give(shareOf({ planId: context.name }), undefined);
    expect(given(workers[0], 'close')).toEqual([[tiny.name]]);
    // Closed is forgotten: all of it is given again.
    const before = given(workers[0], 'addKeys').length;
    await pool.at(0).give(shareOf({ context: tiny, planId: tiny.name }), undefined);
    expect(given(workers[0], 'addKeys')).toHaveLength(before + 2);
  });

  it('stops being given keys when the run is stopped, and is given them by the next', async () => {
    const { pool, workers } = poolOf(1);
    const controller = new AbortController();
    await pool.at(0).open(context);
    workers[0].answers.set('addKeys', () => controller.abort());
    await expect(pool.at(0).give(shareOf(), controller.signal)).rejects.toMatchObject({ code: 'aborted' });
    expect(given(workers[0], 'addKeys')).toHaveLength(1);
    await pool.at(0).give(shareOf(), undefined);
    expect(given(workers[0], 'addKeys').map(([, , frame]) => frame)).toEqual(frames);
  });
});

describe('a pool', () => {
  it('warms all its evaluators, and tells the memory of those that live', async () => {
    const { pool, workers } = poolOf(3);
    expect(await pool.memoryBytes()).toEqual([]);
    await pool.warm();
    expect(workers.map(({ methods }) => methods)).toEqual([['warm'], ['warm'], ['warm']]);
    workers[1].die();
    expect(await pool.memoryBytes()).toEqual([1, 1]);
  });

  it('measures on an evaluator of its own, which is ended', async () => {
    const { pool, workers } = poolOf(1);
    await pool.warm();
    expect(await pool.measure(context)).toEqual({ rotate: 1 });
    expect(workers[1].methods).toEqual(['open', 'measure']);
    expect(workers.map(({ reason }) => reason !== undefined)).toEqual([false, true]);
    const stopped = pool.measure(context, AbortSignal.abort());
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    expect(workers[2].reason).toBeDefined();
  });

  it('ends every evaluator on close, and starts new ones when asked again', async () => {
    const { pool, workers } = poolOf(2);
    await pool.warm();
    pool.close();
    expect(workers.every(({ reason }) => reason !== undefined)).toBe(true);
    await pool.warm();
    expect(workers).toHaveLength(4);
  });
});

describe('watching a run', () => {
  it('ends an evaluator that falls silent, and leaves alone one that answers', async () => {
    vi.useFakeTimers();
    const { pool, workers } = poolOf(2);
    const handles = [0, 1].map((index) => pool.at(index).handle);
    workers[1].answers.set('progress', () => new Promise(() => undefined));
    const stop = watch(handles, ({ role }) => role.progress(0));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(workers.map(({ reason }) => reason)).toEqual([undefined, 'it no longer answers']);
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(workers[0].reason).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('still finds one that has fallen silent when the run was stopped', async () => {
    vi.useFakeTimers();
    const { pool, workers } = poolOf(1);
    const { handle } = pool.at(0);
    workers[0].answers.set('progress', () => new Promise(() => undefined));
    watch([handle], ({ role }) => role.progress(0))();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(handle.dead).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

// A worker that is stopped: it lives on where it hears of it, and another takes its place where it does not.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeWorker } from '../../fixtures/fake-worker.ts';
import { type Controls, nextTask } from './controls.ts';
import { throwIfAborted } from './errors.ts';
import { StoppableWorker } from './worker-handle.ts';

interface Role {
  work(name: string, controls: Controls): Promise<string>;
}

const LIMITS = { stage: 'scan', advice: 'Wait.' } as const;
let workers: FakeWorker[];
let log: string[];

/** Workers that take three turns for their work, and listen to a stop between them. */
function stoppable(): StoppableWorker<Role> {
  const work = async (name: string, { signal }: Controls): Promise<string> => {
    for (let turn = 0; turn < 3; turn += 1) {
      log.push(`${name} ${turn}`);
      await nextTask();
      throwIfAborted(signal, 'scan');
    }
    return name;
  };
  return new StoppableWorker<Role>('listening', () => {
    workers.push(new FakeWorker('scan', { work }));
    return workers.at(-1).handle<Role>();
  });
}

const call = (on: StoppableWorker<Role>, name: string, signal?: AbortSignal): Promise<string> =>
  on.call((role) => role.work(name, { signal }), { ...LIMITS, signal });
const ended = (): boolean[] => workers.map(({ reason }) => reason !== undefined);

beforeEach(() => {
  [workers, log] = [[], []];
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

describe('a stoppable worker', () => {
  it('is started once, and replaced when it has died', async () => {
    const on = stoppable();
    const first = call(on, 'first');
    await vi.runAllTimersAsync();
    expect(await first).toBe('first');
    expect(on.living().dead).toBe(false);
    expect(ended()).toEqual([false]);
    workers[0].die();
    const second = call(on, 'second');
    await vi.runAllTimersAsync();
    expect(await second).toBe('second');
    expect(ended()).toEqual([true, false]);
    on.end();
    expect(ended()).toEqual([true, true]);
  });

  it('tells of a death that nobody asked for', async () => {
    const outcome = expect(call(stoppable(), 'first')).rejects.toMatchObject({ code: 'worker-died' });
    workers[0].die();
    await outcome;
  });

  it('lives on where its role hears the stop', async () => {
    const on = stoppable();
    const controller = new AbortController();
    const outcome = expect(call(on, 'first', controller.signal)).rejects.toMatchObject({
      code: 'aborted',
      stage: 'scan',
    });
    await vi.advanceTimersByTimeAsync(0);
    controller.abort();
    await outcome;
    const second = call(on, 'second');
    await vi.runAllTimersAsync();
    expect(await second).toBe('second');
    expect(ended()).toEqual([false]);
    expect(log.filter((entry) => entry.startsWith('first')).length).toBeLessThan(3);
  });

  it('is ended where its role goes on; the call of another is made again, on a new one', async () => {
    const on = stoppable();
    on.living();
    workers[0].answers.set('work', () => new Promise(() => undefined));
    const controller = new AbortController();
    const stopped = expect(call(on, 'first', controller.signal)).rejects.toMatchObject({ code: 'aborted' });
    const other = call(on, 'other');
    await vi.advanceTimersByTimeAsync(0);
    controller.abort();
    await stopped;
    // It is given a moment to come to its end.
    expect(ended()).toEqual([false]);
    await vi.runAllTimersAsync();
    expect(await other).toBe('other');
    expect(ended()).toEqual([true, false]);
    expect(log).toEqual(['other 0', 'other 1', 'other 2']);
  });

  it('does not begin what was stopped before', async () => {
    await expect(call(stoppable(), 'first', AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
    expect(workers).toEqual([]);
  });
});

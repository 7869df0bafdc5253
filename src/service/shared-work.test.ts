// Work that several wait for: begun once, stopped when the last has left, told to all who stayed.
import { describe, expect, it, vi } from 'vitest';
import { SharedWork } from './shared-work.ts';

const limits = (signal?: AbortSignal) =>
  ({ signal, stage: 'compile', advice: 'Wait.', timeoutMs: 1000 }) as const;
const aborted = { code: 'aborted', stage: 'compile' };

/** Work that is done when told, and how often it was begun and stopped. */
function work() {
  const begun: { signal: AbortSignal; done: PromiseWithResolvers<string> }[] = [];
  const begin = (signal: AbortSignal): Promise<string> => {
    const done = Promise.withResolvers<string>();
    begun.push({ signal, done });
    return done.promise;
  };
  return { begun, begin };
}

describe('shared work', () => {
  it('is begun once for all who ask meanwhile, and anew for who asks later', async () => {
    const shared = new SharedWork<string>();
    const { begun, begin } = work();
    const calls = [shared.get('a', begin, limits()), shared.get('a', begin, limits())];
    const other = shared.get('b', begin, limits());
    expect(begun).toHaveLength(2);
    begun[0].done.resolve('one');
    begun[1].done.resolve('two');
    expect(await Promise.all([...calls, other])).toEqual(['one', 'one', 'two']);
    const later = shared.get('a', begin, limits());
    expect(begun).toHaveLength(3);
    begun[2].done.resolve('three');
    expect(await later).toBe('three');
  });

  it.each([0, 1])('goes on for the others when caller %i stops', async (stopping) => {
    const shared = new SharedWork<string>();
    const { begun, begin } = work();
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }) => shared.get('a', begin, limits(signal)));
    const stopped = expect(calls[stopping]).rejects.toMatchObject(aborted);
    controllers[stopping].abort();
    await stopped;
    expect(begun[0].signal.aborted).toBe(false);
    begun[0].done.resolve('one');
    expect(await calls[1 - stopping]).toBe('one');
  });

  it('is stopped when the last has left, and whoever asks then does not wait for what was stopped', async () => {
    const shared = new SharedWork<string>();
    const { begun, begin } = work();
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }) => shared.get('a', begin, limits(signal)));
    const stopped = calls.map((call) => expect(call).rejects.toMatchObject(aborted));
    for (const controller of controllers) controller.abort();
    await Promise.all(stopped);
    expect(begun[0].signal.aborted).toBe(true);
    const later = shared.get('a', begin, limits());
    begun[0].done.reject(new Error('stopped'));
    begun[1].done.resolve('two');
    expect(await later).toBe('two');
  });

  it('tells all of its failure, and begins anew after it', async () => {
    const shared = new SharedWork<string>();
    const { begun, begin } = work();
    const calls = [shared.get('a', begin, limits()), shared.get('a', begin, limits())];
    begun[0].done.reject(new Error('no'));
    for (const call of calls) await expect(call).rejects.toThrow('no');
    const later = shared.get('a', begin, limits());
    begun[1].done.resolve('yes');
    expect(await later).toBe('yes');
  });

  it('leaves a caller whose time is up, and begins nothing for one who has stopped before', async () => {
    vi.useFakeTimers();
    const shared = new SharedWork<string>();
    const { begun, begin } = work();
    const late = expect(shared.get('a', begin, limits())).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(1001);
    await late;
    expect(begun[0].signal.aborted).toBe(true);
    vi.useRealTimers();
    await expect(shared.get('a', begin, limits(AbortSignal.abort()))).rejects.toMatchObject(aborted);
    expect(begun).toHaveLength(1);
  });
});

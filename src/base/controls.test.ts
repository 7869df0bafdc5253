// Limits on calls: whichever comes first decides, and nothing is left ticking or unhandled.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SealedError } from './errors.ts';
import { withLimits, yielding } from './controls.ts';

const unhandled: unknown[] = [];
const listener = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  vi.useFakeTimers();
  process.on('unhandledRejection', listener);
});
afterEach(async () => {
  vi.useRealTimers();
  // Node reports what nobody caught before it goes on to the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', listener);
  expect(unhandled.splice(0)).toEqual([]);
});

const limits = (signal?: AbortSignal) => ({
  signal,
  timeoutMs: 1000,
  stage: 'scan' as const,
  advice: 'Wait.',
});
const never = (): Promise<never> => new Promise(() => undefined);

describe('withLimits', () => {
  it('gives the answer, or the error, of a call that is in time', async () => {
    expect(await withLimits(Promise.resolve(5), limits())).toBe(5);
    const error = new SealedError('missing-key', 'No key.');
    await expect(withLimits(Promise.reject(error), limits())).rejects.toBe(error);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says that it timed out, at the limit and not before', async () => {
    const call = withLimits(never(), limits());
    const outcome = expect(call).rejects.toMatchObject({
      code: 'timeout',
      stage: 'scan',
      message: 'No answer within 1 s. Wait.',
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await outcome;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stops when the signal fires, and lets go of the signal', async () => {
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const call = withLimits(never(), limits(controller.signal));
    const outcome = expect(call).rejects.toMatchObject({ code: 'aborted', stage: 'scan' });
    controller.abort();
    await outcome;
    expect(removed).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lets go of the signal after an answer as well', async () => {
    const controller = new AbortController();
    const added = vi.spyOn(controller.signal, 'addEventListener');
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    await withLimits(Promise.resolve(1), limits(controller.signal));
    expect(removed.mock.calls.map(([, callback]) => callback)).toEqual(
      added.mock.calls.map(([, callback]) => callback),
    );
    controller.abort();
  });

  it('does not wait for a call once the signal has fired', async () => {
    await expect(withLimits(never(), limits(AbortSignal.abort()))).rejects.toMatchObject({ code: 'aborted' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(['stopped', 'timed out'])('swallows the late error of a call that was %s', async (how) => {
    const controller = new AbortController();
    const late = Promise.withResolvers<never>();
    const outcome = expect(withLimits(late.promise, limits(controller.signal))).rejects.toBeInstanceOf(
      SealedError,
    );
    if (how === 'stopped') controller.abort();
    else await vi.advanceTimersByTimeAsync(1000);
    await outcome;
    late.reject(new Error('late'));
    await vi.advanceTimersByTimeAsync(10);
  });
});

describe('yielding', () => {
  it('lets the thread hear its messages once it has worked for long, and not before', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const heard: string[] = [];
    setTimeout(() => heard.push('message'), 0);
    const pause = yielding(undefined, 'server');
    now = 40;
    await pause();
    expect(heard).toEqual([]);
    now = 41;
    const paused = pause();
    await vi.advanceTimersByTimeAsync(0);
    await paused;
    expect(heard).toEqual(['message']);
    // From then on it counts anew.
    now = 80;
    await pause();
    expect(vi.getTimerCount()).toBe(0);
    vi.restoreAllMocks();
  });

  it('throws once the signal has fired, also when that is heard in the pause itself', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const controller = new AbortController();
    const pause = yielding(controller.signal, 'encrypt');
    await pause();
    setTimeout(() => controller.abort(), 0);
    now = 100;
    const outcome = expect(pause()).rejects.toMatchObject({ code: 'aborted', stage: 'encrypt' });
    await vi.advanceTimersByTimeAsync(0);
    await outcome;
    await expect(pause()).rejects.toMatchObject({ code: 'aborted' });
    vi.restoreAllMocks();
  });
});

// Stop in the studio: before a run's first stage, in the pause before it begins, and by the switch of the live preview.
import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StyleSession } from '../../../app/style/style-session.ts';
import { SealedError } from '../../../base/errors.ts';
import { Engine } from './engine.svelte.ts';
import { Studio } from './studio.svelte.ts';

/** Longer than any pause in the typing. */
const LONG_MS = 10_000;

/** Cards that were asked for, by the signal of whoever asked. */
let asked: { readonly signal: AbortSignal; readonly isRun: boolean }[];
let studio: Studio;
let end: () => void;

/** A session that never gets further than the plan, and hears its signal. */
const session = {
  references: undefined,
  warm: () => Promise.resolve(),
  isWithheld: () => false,
  styleCard: (_: unknown, __: number, { signal }: { readonly signal: AbortSignal }) => {
    asked.push({ signal, isRun: studio.run.phase === 'running' });
    const stopped = Promise.withResolvers<never>();
    const stop = (): void => stopped.reject(new SealedError('aborted', 'Stopped.'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    return stopped.promise;
  },
} as unknown as StyleSession;

const runs = (): AbortSignal[] => asked.filter(({ isRun }) => isRun).map(({ signal }) => signal);
/** Lets everything settle that waits for no clock. */
const settle = async (): Promise<void> => {
  flushSync();
  await vi.advanceTimersByTimeAsync(0);
  flushSync();
};
const type = async (url: string): Promise<void> => {
  studio.content.values['url'].url = url;
  await settle();
};

beforeEach(async () => {
  vi.useFakeTimers();
  asked = [];
  end = $effect.root(() => {
    studio = new Studio(new Engine(session));
  });
  await settle();
  expect(studio.engine.readiness).toBe('ready');
  asked = [];
});
afterEach(() => {
  end();
  vi.useRealTimers();
});

describe('the button', () => {
  it('stops a run in the task in which it has begun', async () => {
    expect(studio.make()).toBe(true);
    expect(studio.isMaking).toBe(true);
    studio.run.stop();
    await settle();
    expect([studio.run.phase, studio.isMaking, studio.run.error]).toEqual(['stopped', false, undefined]);
    // Its first stage may have begun; no later one has.
    expect(Object.values(studio.run.stages).filter(({ state }) => state === 'running')).toEqual([]);
    expect(runs().every(({ aborted }) => aborted)).toBe(true);
  });
});

describe('the switch', () => {
  it('stops what the typing has begun, though the text stays as it is', async () => {
    await type('example.org/begun');
    expect(runs()).toHaveLength(1);
    expect([studio.run.phase, studio.run.live]).toEqual(['running', true]);
    studio.live.on = false;
    await settle();
    expect(runs()[0].aborted).toBe(true);
    expect(studio.run.phase).toBe('idle');
  });

  it('takes back what was about to begin after a pause', async () => {
    await type('example.org/a');
    await type('example.org/ab');
    // The second waits for a pause in the typing.
    expect(runs()).toHaveLength(1);
    studio.live.on = false;
    await settle();
    await vi.advanceTimersByTimeAsync(LONG_MS);
    flushSync();
    expect(runs()).toHaveLength(1);
    expect(runs()[0].aborted).toBe(true);
    expect(studio.run.phase).toBe('idle');
  });

  it('follows again once it is on again, and leaves a run of the button alone', async () => {
    await type('example.org/again');
    studio.live.on = false;
    await settle();
    studio.live.on = true;
    await settle();
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(runs()).toHaveLength(2);
    expect(studio.make()).toBe(true);
    await settle();
    expect(runs()).toHaveLength(3);
    studio.live.on = false;
    await settle();
    expect([studio.isMaking, runs()[2].aborted]).toEqual([true, false]);
  });
});

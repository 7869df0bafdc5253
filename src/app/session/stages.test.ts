// The stages of a run: told in order, timed, stopped between.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { StageEvent } from './stages.ts';
import { Stages } from './stages.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('Stages', () => {
  it('tells of each stage, passes its result on and remembers its time', async () => {
    vi.useFakeTimers();
    const events: StageEvent[] = [];
    const stages = new Stages({ onStage: (event) => events.push(event) });
    const sample = Uint8Array.of(1, 2);
    expect(await stages.run('plan', () => 'a plan')).toBe('a plan');
    await stages.run('evaluate', () => {
      stages.progress('evaluate', 0.5);
      vi.advanceTimersByTime(5);
    });
    await stages.run('response', () => undefined, { bytes: 7, sample });
    expect(events).toEqual([
      { stage: 'plan', state: 'started' },
      { stage: 'plan', state: 'done', ms: 0 },
      { stage: 'evaluate', state: 'started' },
      { stage: 'evaluate', state: 'progress', share: 0.5 },
      { stage: 'evaluate', state: 'done', ms: 5 },
      { stage: 'response', state: 'started' },
      { stage: 'response', state: 'done', ms: 0, bytes: 7, sample },
    ]);
    expect(stages.ms('evaluate')).toBe(5);
    expect(stages.ms('correct')).toBe(0);
  });

  it('does not start a stage once stopped, and does not call a failed one done', async () => {
    const controller = new AbortController();
    const events: StageEvent[] = [];
    const stages = new Stages({ signal: controller.signal, onStage: (event) => events.push(event) });
    expect(stages.signal).toBe(controller.signal);
    await expect(stages.run('plan', () => Promise.reject(new Error('no plan')))).rejects.toThrow('no plan');
    controller.abort();
    let started = false;
    const next = stages.run('encrypt', () => {
      started = true;
    });
    await expect(next).rejects.toMatchObject({ code: 'aborted' });
    expect(started).toBe(false);
    expect(events).toEqual([{ stage: 'plan', state: 'started' }]);
  });

  it.each(['as it begins', 'during its work'])(
    'does not call a stage done that is stopped %s',
    async (when) => {
      const controller = new AbortController();
      const events: string[] = [];
      const stages = new Stages({
        signal: controller.signal,
        onStage: ({ stage, state }) => {
          events.push(`${stage} ${state}`);
          if (when === 'as it begins') controller.abort();
        },
      });
      const run = stages.run('plan', () => {
        events.push('work');
        controller.abort();
      });
      await expect(run).rejects.toMatchObject({ code: 'aborted' });
      expect(events).toEqual(when === 'as it begins' ? ['plan started'] : ['plan started', 'work']);
    },
  );

  it('needs nobody to watch', async () => {
    expect(await new Stages({}).run('plan', () => 3)).toBe(3);
  });
});

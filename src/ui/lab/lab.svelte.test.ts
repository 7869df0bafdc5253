// Stop in the lab: heard whenever it is pressed, before the first stage and after the last, and nothing comes after it.
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunControls } from '../../app/session/stages.ts';
import { SealedError } from '../../base/errors.ts';
import { Lab, type LabWork } from './lab.svelte.ts';
import type { ModelRunReport, ShownPlan } from './lab-engine.ts';

const file = { name: 'model.onnx', bytes: new Uint8Array() };
const opened = { inputs: [new Float32Array(1)], layers: [], parameters: 0, samples: [] };
const shown = { report: { segments: [] } } as unknown as ShownPlan;
const report = { outputs: [[1]] } as unknown as ModelRunReport;

/** A call of the engine that is under way: the test says when it ends, and with what. */
interface Call<T> extends PromiseWithResolvers<T> {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly controls: RunControls;
}

let calls: Call<unknown>[];
let lab: Lab;

function called(name: string, controls: RunControls & { readonly signal?: AbortSignal | undefined }) {
  const call = { name, signal: controls.signal!, controls, ...Promise.withResolvers<unknown>() };
  calls.push(call);
  return call.promise as Promise<never>;
}

const engine = {
  open: () => opened,
  plan: (_: unknown, __: unknown, signal: AbortSignal) => called('plan', { signal }),
  run: (_: unknown, __: unknown, ___: unknown, ____: unknown, controls: RunControls) =>
    called('run', controls),
  sweep: (_: unknown, __: unknown, ___: unknown, signal: AbortSignal, onResult: unknown) =>
    called('sweep', { signal, onStage: onResult as never }),
  test: (_: unknown, __: unknown, run: RunControls & { onShare: unknown }) =>
    called('test', { signal: run.signal, onStage: run.onShare as never }),
} as unknown as LabWork;

/** The call that is under way. */
const last = (): Call<unknown> => calls.at(-1);
const names = (): string[] => calls.map(({ name }) => name);
/** As a role does that hears its signal. */
const abort = (): void => last().reject(new SealedError('aborted', 'Stopped.'));
const shownState = (): unknown[] => [lab.phase, lab.activity, lab.share, lab.error];
const STOPPED = ['idle', 'Stopped.', undefined, undefined];

async function plannedLab(): Promise<void> {
  const planning = lab.takeModel(file);
  last().resolve(shown);
  await planning;
  calls.length = 0;
}

beforeEach(() => {
  calls = [];
  lab = new Lab(engine);
});

describe('a Stop', () => {
  it.each([
    ['the role hears it', abort],
    ['the role was done already', () => last().resolve(report)],
  ])('in the task in which a run begins ends it before its first stage: %s', async (_, end) => {
    await plannedLab();
    const running = lab.run();
    expect([lab.phase, lab.isBusy, names()]).toEqual(['running', true, ['run']]);
    lab.stop();
    expect(last().signal.aborted).toBe(true);
    end();
    await running;
    expect(shownState()).toEqual(STOPPED);
    expect(lab.result).toBeUndefined();
  });

  it('is the last word: what a role tells after it is not shown', async () => {
    await plannedLab();
    const running = lab.run();
    const { onStage } = last().controls;
    onStage?.({ stage: 'keygen', state: 'progress', share: 0.25 });
    expect(lab.share).toBe(0.25);
    lab.stop();
    onStage?.({ stage: 'evaluate', state: 'progress', share: 0.5 });
    expect([lab.share, lab.activity]).toEqual([0.25, 'Making keys…']);
    abort();
    await running;
    expect(shownState()).toEqual(STOPPED);
  });

  it.each([
    ['under way', abort],
    ['just done', () => last().resolve(shown)],
  ])('in the planning that a run needs first ends the run as well: planning %s', async (_, end) => {
    const planning = lab.takeModel(file);
    lab.stop();
    abort();
    await planning;
    expect(lab.plan).toBeUndefined();
    const running = lab.run();
    lab.stop();
    end();
    await running;
    expect(names()).toEqual(['plan', 'plan']);
    expect(shownState()).toEqual(STOPPED);
  });

  it('of a sweep keeps what had come, and takes nothing more', async () => {
    await plannedLab();
    const sweeping = lab.runSweep();
    const onResult = last().controls.onStage as unknown as (result: object) => void;
    onResult({ ran: true });
    lab.stop();
    onResult({ ran: true });
    abort();
    await sweeping;
    expect(lab.sweep).toHaveLength(1);
    expect(shownState()).toEqual(STOPPED);
  });

  it('of work that another took the place of says nothing about that', async () => {
    await plannedLab();
    const [first, firstCall] = [lab.run(), last()];
    const second = lab.run();
    expect(firstCall.signal.aborted).toBe(true);
    firstCall.reject(new SealedError('aborted', 'Stopped.'));
    await first;
    expect([lab.phase, lab.activity]).toEqual(['running', 'Making keys…']);
    last().resolve(report);
    await second;
    expect([...shownState(), lab.result]).toEqual(['idle', '', undefined, undefined, report]);
  });

  it('of the tester ends the test alone, and a new test hears nothing of it', async () => {
    await plannedLab();
    const { tester } = lab;
    const [first, firstCall] = [tester.run('typed'), last()];
    tester.stop();
    const second = tester.run('typed');
    firstCall.reject(new SealedError('aborted', 'Stopped.'));
    await first;
    expect([tester.isBusy, tester.activity]).toEqual([true, 'Running the set…']);
    tester.stop();
    (last().controls.onStage as unknown as (index: number, share: number) => void)(0, 0.5);
    abort();
    await second;
    expect([tester.isBusy, tester.activity, tester.share]).toEqual([false, 'Stopped.', undefined]);
  });
});

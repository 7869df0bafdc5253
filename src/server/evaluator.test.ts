// The evaluator on each backend: right results, clear refusals, stopping in mid-run, and nothing left behind.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  bytesOf,
  errorOf,
  everything,
  inputFrameOf,
  keyFrameOf,
  planOf,
  underWay,
  waitAtEveryCheckpoint,
} from '../../fixtures/evaluator-plans.ts';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../../fixtures/handle-count.ts';
import { kernelBytes, type KernelWatch, watchKernels } from '../../fixtures/kernel-watch.ts';
import { TestKeys } from '../../fixtures/seal-keys.ts';
import { SMALL, TINY } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { checkParameters } from '../params/parameters.ts';
import { partitionPlan, type PlanPart } from '../plan/partition.ts';
import { encodePlanPart } from '../plan/plan-codec.ts';
import type { EvaluatorRole, SegmentRun } from '../protocol/evaluator.ts';
import { SERVER_BACKENDS, type ServerBackendName } from '../protocol/backends.ts';
import { createEvaluator } from './evaluator.ts';

/** Other parameters of the same shape, whose frames must not be taken for the first one's. */
const OTHER = checkParameters({ polyModulusDegree: 4096, coeffModulusBits: [26, 26, 26, 27] });
const random = seededRandom(1);
const small = planOf(random, 2);
const long = planOf(random, 40);
const slots = Float64Array.from({ length: SMALL.slots }, () => random() - 0.5);

/** The plan `small` cut between its two stages. */
function splitPart(): Uint8Array<ArrayBuffer> {
  const [linear, square] = partitionPlan(small, 1).parts[0].segments[0];
  const part: PlanPart = { name: 'split', segments: [[linear], [square]] };
  return encodePlanPart(part, SMALL);
}

let keys: TestKeys;
let keyFrame: Uint8Array<ArrayBuffer>;
let input: Uint8Array<ArrayBuffer>;
let handles: HandleWatch;
let kernels: KernelWatch;
let role: EvaluatorRole;

beforeAll(async () => {
  keys = new TestKeys(await loadMeasuredSeal(), SMALL);
  keyFrame = keyFrameOf(keys.evaluationKeys([1, 2]));
  input = inputFrameOf(keys, slots);
  handles = watchHandles();
  kernels = watchKernels();
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const context of ['main', 'other', 'tiny']) await role.close(context);
  expect(live()).toBe(0);
});
afterAll(() => {
  handles.stop();
  kernels.stop();
  keys[Symbol.dispose]();
});

/** Handles of SEAL and of the kernel that are held. */
const live = (): number => handles.live().length + kernels.live();

const sources = { kernel: kernelBytes() };

/** An evaluator with keys and the plans `small` and `long`. */
async function openRole(backend: ServerBackendName): Promise<EvaluatorRole> {
  role = createEvaluator(sources);
  expect(await role.open('main', SMALL, backend)).toBe(backend);
  await role.addKeys('main', 'mine', keyFrame);
  await role.addPlan('main', 'small', bytesOf(small));
  await role.addPlan('main', 'long', bytesOf(long));
  return role;
}

/** A run of the first segment on the test's input, unless told otherwise. */
function runOf(request: Partial<SegmentRun> & { runId: number }): SegmentRun {
  return { planId: 'small', keySet: 'mine', segment: 0, frames: [input], wanted: [0], ...request };
}

const malformed = { code: 'malformed-frame' };
const aborted = { code: 'aborted', stage: 'server' };
const wrongState = { code: 'wrong-state', stage: 'server' };

describe.each(SERVER_BACKENDS)('the evaluator on %s', (backend) => {
  it('is a frozen object of functions without a prototype', async () => {
    await openRole(backend);
    expect(Object.isFrozen(role)).toBe(true);
    expect(Object.getPrototypeOf(role)).toBeNull();
    expect(Object.values(role).every((method) => typeof method === 'function')).toBe(true);
  });

  it('computes the plan', async () => {
    await openRole(backend);
    const { frames } = await role.run(runOf({ runId: 1, wanted: everything(small) }));
    expect(frames.map(({ index }) => index)).toEqual([0, 1]);
    expect(await errorOf(small, keys, slots, frames)).toBeLessThan(1e-3);
    // A run that is through is forgotten.
    expect(await role.progress(1)).toBe(0);
  });

  it('returns what is wanted and keeps the rest for the next segment', async () => {
    await openRole(backend);
    await role.addPlan('main', 'split', splitPart());
    const { frames: whole } = await role.run(runOf({ runId: 1, wanted: everything(small) }));
    const { frames: first } = await role.run(runOf({ runId: 2, planId: 'split', wanted: [] }));
    expect(first).toEqual([]);
    expect(await role.progress(2)).toBe(1);
    const last = runOf({ runId: 2, planId: 'split', segment: 1, frames: [], wanted: [1] });
    const { frames: second } = await role.run(last);
    expect(second).toHaveLength(1);
    expect(Buffer.compare(second[0].frame, whole[1].frame)).toBe(0);
    expect(await role.progress(2)).toBe(0);
  });

  it.each([
    [
      'a rotation',
      () => ({
        relinearization: keys.relinearizationKey(),
        rotations: new Map([[1, keys.rotationKey(1)]]),
      }),
    ],
    ['a square', () => ({ ...keys.evaluationKeys([1, 2]), relinearization: undefined })],
  ])('says so when the key for %s is missing, and goes on once it has come', async (_, some) => {
    role = createEvaluator(sources);
    await role.open('main', SMALL, backend);
    await role.addKeys('main', 'mine', keyFrameOf(some()));
    await role.addPlan('main', 'small', bytesOf(small));
    const before = live();
    await expect(role.run(runOf({ runId: 1 }))).rejects.toMatchObject({ code: 'missing-key' });
    expect(live()).toBe(before);
    await role.addKeys('main', 'mine', keyFrame);
    expect((await role.run(runOf({ runId: 2 }))).frames).toHaveLength(1);
  });

  it('refuses to work before it is open, without the plan, and past its end', async () => {
    role = createEvaluator(sources);
    await expect(role.addKeys('main', 'mine', keyFrame)).rejects.toMatchObject(wrongState);
    await expect(role.addPlan('main', 'x', bytesOf(small))).rejects.toMatchObject(wrongState);
    await expect(role.measure('main')).rejects.toMatchObject(wrongState);
    await expect(role.run(runOf({ runId: 1 }))).rejects.toMatchObject(wrongState);
    expect(await role.memoryBytes()).toBe(0);
    await role.end(1);
    await role.dropKeys('mine');
    await role.dropPlan('small');
    await openRole(backend);
    await expect(role.run(runOf({ runId: 1, planId: 'other' }))).rejects.toMatchObject(wrongState);
    await expect(role.run(runOf({ runId: 1, segment: 1 }))).rejects.toMatchObject(wrongState);
    await role.dropPlan('small');
    await expect(role.run(runOf({ runId: 1 }))).rejects.toMatchObject(wrongState);
  });

  it('refuses frames of the wrong kind, damaged ones, and a value that comes twice', async () => {
    await openRole(backend);
    await expect(role.addKeys('main', 'mine', input)).rejects.toMatchObject(malformed);
    await expect(role.addKeys('main', 'mine', keyFrame.subarray(1))).rejects.toMatchObject(malformed);
    for (const frames of [[keyFrame], [input.subarray(0, 99)], [input, input]]) {
      await expect(role.run(runOf({ runId: 1, frames }))).rejects.toMatchObject(malformed);
    }
    await expect(role.run(runOf({ runId: 1, frames: [] }))).rejects.toThrow(/value 0 is here/);
    expect((await role.run(runOf({ runId: 1 }))).frames).toHaveLength(1);
  });

  it('refuses a plan that is garbage, damaged, or for other parameters, and keeps the one it has', async () => {
    await openRole(backend);
    const before = live();
    const garbage = Uint8Array.from({ length: 500 }, () => random() * 256);
    const good = bytesOf(small);
    for (const bytes of [garbage, new Uint8Array(), good.subarray(0, good.length - 1), good.subarray(1)]) {
      await expect(role.addPlan('main', 'small', bytes)).rejects.toMatchObject(malformed);
    }
    const object = { name: 'small', segments: [] } as unknown as Uint8Array;
    await expect(role.addPlan('main', 'small', object)).rejects.toThrow();
    const rejected = { code: 'plan-rejected' };
    await expect(role.addPlan('main', 'small', bytesOf(planOf(random, 1, OTHER)))).rejects.toMatchObject(
      rejected,
    );
    const [linear] = partitionPlan(small, 1).parts[0].segments[0];
    const tooHigh: PlanPart = { name: 'high', segments: [[{ ...linear, level: 3 }]] };
    await expect(role.addPlan('main', 'high', encodePlanPart(tooHigh, SMALL))).rejects.toMatchObject(
      rejected,
    );
    expect(live()).toBe(before);
    expect((await role.run(runOf({ runId: 1 }))).frames).toHaveLength(1);
  });

  it('stops taking a plan when told to, and keeps nothing of it', async () => {
    await openRole(backend);
    const before = live();
    const call = role.addPlan('main', 'new', bytesOf(small), { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject(aborted);
    expect(live()).toBe(before);
  });

  it.each(['end', 'signal'] as const)('stops in mid-run by %s, and runs again', async (how) => {
    await openRole(backend);
    waitAtEveryCheckpoint();
    const before = live();
    const controller = new AbortController();
    const request = runOf({ runId: 7, planId: 'long', wanted: everything(long) });
    const running = expect(role.run(request, { signal: controller.signal })).rejects.toMatchObject(aborted);
    await underWay(role, 7);
    if (how === 'end') await role.end(7);
    else controller.abort();
    await running;
    expect(live()).toBe(before);
    expect(await role.progress(7)).toBe(0);
    expect((await role.run(runOf({ runId: 8 }))).frames).toHaveLength(1);
  });

  it('ends a run in progress when its context is closed, and leaves it when another is opened', async () => {
    await openRole(backend);
    waitAtEveryCheckpoint();
    const running = expect(
      role.run(runOf({ runId: 1, planId: 'long', wanted: everything(long) })),
    ).rejects.toMatchObject(aborted);
    await underWay(role, 1);
    await role.open('tiny', TINY, backend);
    await role.close('tiny');
    await underWay(role, 1);
    await role.close('main');
    await running;
    await expect(role.run(runOf({ runId: 2 }))).rejects.toMatchObject(wrongState);
  });

  it('lets a run finish whose plan is forgotten meanwhile', async () => {
    await openRole(backend);
    waitAtEveryCheckpoint();
    const running = role.run(runOf({ runId: 1, planId: 'long', wanted: [39] }));
    await underWay(role, 1);
    await role.dropPlan('long');
    const { frames } = await running;
    expect(await errorOf(long, keys, slots, frames)).toBeLessThan(1e-3);
    await expect(role.run(runOf({ runId: 2, planId: 'long' }))).rejects.toMatchObject(wrongState);
  });

  it('holds on to nothing from run to run, and its memory does not grow', async () => {
    await openRole(backend);
    const run = (runId: number) => role.run(runOf({ runId, wanted: [0, 1] }));
    await run(1);
    await run(2);
    const [held, bytes] = [live(), await role.memoryBytes()];
    for (let runId = 3; runId < 12; runId += 1) await run(runId);
    expect(live()).toBe(held);
    expect(await role.memoryBytes()).toBe(bytes);
    expect(bytes).toBeGreaterThan(1 << 20);
  });

  it('frees what was kept for a segment that never came', async () => {
    await openRole(backend);
    await role.addPlan('main', 'split', splitPart());
    const before = live();
    await role.run(runOf({ runId: 1, planId: 'split', wanted: [] }));
    expect(live()).toBe(before + 2);
    await role.end(1);
    expect(live()).toBe(before);
    const last = runOf({ runId: 1, planId: 'split', segment: 1, frames: [], wanted: [] });
    await expect(role.run(last)).rejects.toThrow(/value 0 is here/);
  });

  it('forgets keys and plans of a context that is closed, and keeps them where it is opened again', async () => {
    await openRole(backend);
    expect(await role.open('main', { ...SMALL }, backend)).toBe(backend);
    expect((await role.run(runOf({ runId: 1 }))).frames).toHaveLength(1);
    await role.close('main');
    await role.open('main', SMALL, backend);
    await expect(role.run(runOf({ runId: 2 }))).rejects.toMatchObject(wrongState);
    await role.addPlan('main', 'small', bytesOf(small));
    await expect(role.run(runOf({ runId: 2 }))).rejects.toMatchObject({ code: 'missing-key' });
    await role.open('other', OTHER, backend);
    await expect(role.addKeys('other', 'mine', keyFrame)).rejects.toThrow(/other parameters/);
  });

  it('opens once when opened twice at once', async () => {
    role = createEvaluator(sources);
    await role.open('main', SMALL, backend);
    const once = live();
    await role.close('main');
    await Promise.all([role.open('main', SMALL, backend), role.open('main', SMALL, backend)]);
    expect(live()).toBe(once);
  });

  it('lets no request go on with a run of another key set or plan', async () => {
    await openRole(backend);
    await role.addPlan('main', 'split', splitPart());
    await role.addKeys('main', 'theirs', keyFrame);
    await role.run(runOf({ runId: 1, planId: 'split', wanted: [] }));
    const next = runOf({ runId: 1, planId: 'split', segment: 1, frames: [] });
    await expect(role.run({ ...next, keySet: 'theirs' })).rejects.toMatchObject(wrongState);
    await expect(role.run(runOf({ runId: 1, planId: 'small' }))).rejects.toMatchObject(wrongState);
    expect((await role.run(next)).frames).toHaveLength(1);
  });

  it('refuses parameters that its frames cannot carry, and opens others under that name afterwards', async () => {
    role = createEvaluator(sources);
    const wide = { polyModulusDegree: 4096, coeffModulusBits: [30, 36, 36] };
    await expect(role.open('main', wide, backend)).rejects.toMatchObject({ code: 'invalid-argument' });
    const insecure = { ...wide, coeffModulusBits: [36, 36, 40] };
    await expect(role.open('main', insecure, backend)).rejects.toMatchObject({ code: 'insecure-parameters' });
    expect(await role.open('main', SMALL, backend)).toBe(backend);
  });
});

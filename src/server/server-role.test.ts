// The server role on each backend: right results, clear refusals, stopping in mid-run, and nothing left behind.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../../fixtures/handle-count.ts';
import { kernelBytes, type KernelWatch, watchKernels } from '../../fixtures/kernel-watch.ts';
import { runPlan } from '../../fixtures/run-plan.ts';
import { TestKeys } from '../../fixtures/seal-keys.ts';
import { SMALL, TINY } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { partitionPlan } from '../plan/partition.ts';
import { type Diagonal, droppedPrime, type LinearRow, type Plan, stageOutputs } from '../plan/plan.ts';
import { squares } from '../plan/stages/product.ts';
import { verifyPlan } from '../plan/verify.ts';
import { SERVER_BACKENDS, type ServerBackendName, type ServerRole } from '../protocol/contracts.ts';
import { decodeCiphertexts, encodeFrame } from '../protocol/frame.ts';
import { ClearBackend } from './backends/clear/clear-backend.ts';
import { createServerRole } from './server-role.ts';

const SCALE = 2 ** 24;
const random = seededRandom(1);
const field = (): Diagonal => ({
  kind: 'vector',
  values: Float32Array.from({ length: SMALL.slots }, () => (random() - 0.5) / 2),
});

/** Linear with a rotation, then a square: `outputs` rows over one input. */
function planOf(outputs: number): Plan {
  const row = (): LinearRow => ({
    sums: [
      { giantStep: 0, terms: [{ input: 0, step: 0, diagonal: field() }] },
      { giantStep: 2, terms: [{ input: 0, step: 1, diagonal: { kind: 'scalar', value: 0.25 } }] },
    ],
    bias: field(),
  });
  const rows = Array.from({ length: outputs }, row);
  const [inScale, layers] = [SCALE, ['test']];
  const plainScale = droppedPrime(SMALL, 2);
  return verifyPlan({
    name: 'test',
    parameters: SMALL,
    inputCount: 1,
    inputScale: SCALE,
    stages: [
      { kind: 'linear', layers, level: 2, inScale, plainScale, rescale: true, outScale: SCALE, rows },
      {
        kind: 'product',
        layers,
        level: 1,
        inScale,
        outScale: SCALE ** 2 / droppedPrime(SMALL, 1),
        pairs: squares(outputs),
      },
    ],
  });
}

const small = planOf(2);
const long = planOf(40);
const slots = Float64Array.from({ length: SMALL.slots }, () => random() - 0.5);

let keys: TestKeys;
let keyFrame: Uint8Array<ArrayBuffer>;
let input: Uint8Array<ArrayBuffer>;
let handles: HandleWatch;
let kernels: KernelWatch;
let role: ServerRole;

beforeAll(async () => {
  keys = new TestKeys(await loadMeasuredSeal(), SMALL);
  keyFrame = encodeFrame({ kind: 'evaluation-keys', keys: keys.evaluationKeys([1, 2]) }, SMALL);
  const ciphertext = keys.encrypt(slots, SCALE);
  input = encodeFrame({ kind: 'ciphertexts', items: [{ index: 0, ciphertext }] }, SMALL);
  handles = watchHandles();
  kernels = watchKernels();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await role.close();
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

/** A role with keys and the plans `small` and `long`. */
async function openRole(backend: ServerBackendName): Promise<ServerRole> {
  role = createServerRole(sources);
  expect(await role.open(SMALL, backend)).toBe(backend);
  await role.addKeys(keyFrame);
  await role.addPlan('small', partitionPlan(small, 1).parts[0]);
  await role.addPlan('long', partitionPlan(long, 1).parts[0]);
  return role;
}

/** A clock by which each step of a run takes a second: it then listens at every chance, however fast this machine is. */
function slowClock(): void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
}

/** Waits until run `runId` has done a share of its work. */
async function begun(runId: number): Promise<number> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    const share = await role.progress(runId);
    if (share > 0) return share;
  }
}

const everything = (plan: Plan): number[] => [...Array(stageOutputs(plan.stages.at(-1)!)).keys()];
const malformed = { code: 'malformed-frame' };

describe.each(SERVER_BACKENDS)('the server role on %s', (backend) => {
  it('is a frozen object of functions without a prototype', async () => {
    await openRole(backend);
    expect(Object.isFrozen(role)).toBe(true);
    expect(Object.getPrototypeOf(role)).toBeNull();
    expect(Object.values(role).every((method) => typeof method === 'function')).toBe(true);
  });

  it('computes the plan', async () => {
    await openRole(backend);
    const { frames, busyMs } = await role.run(1, 'small', 0, [input], everything(small));
    expect(busyMs).toBeGreaterThan(0);
    const expected = await runPlan(new ClearBackend(SMALL), small, [{ slots: slots.slice() }]);
    expect(frames.map(({ index }) => index)).toEqual([0, 1]);
    for (const { index, frame } of frames) {
      const [{ ciphertext, index: written }] = decodeCiphertexts(frame, SMALL);
      expect(written).toBe(index);
      const decrypted = keys.decrypt(ciphertext);
      const square = decrypted.reduce((sum, value, i) => sum + (value - expected[index].slots[i]) ** 2, 0);
      expect(Math.sqrt(square / SMALL.slots)).toBeLessThan(1e-3);
    }
    expect(await role.progress(1)).toBe(1);
    await role.end(1);
    expect(await role.progress(1)).toBe(0);
  });

  it('returns what is wanted and keeps the rest for the next segment', async () => {
    await openRole(backend);
    const [linear, square] = partitionPlan(small, 1).parts[0].segments[0];
    await role.addPlan('split', { name: 'split', segments: [[linear], [square]] });
    const { frames: whole } = await role.run(1, 'small', 0, [input], everything(small));
    const { frames: first } = await role.run(2, 'split', 0, [input], []);
    expect(first).toEqual([]);
    const { frames: second } = await role.run(2, 'split', 1, [], [1]);
    expect(second).toHaveLength(1);
    expect(Buffer.compare(second[0].frame, whole[1].frame)).toBe(0);
    await role.end(2);
  });

  it.each([
    [
      'a rotation',
      'small',
      (): Uint8Array =>
        encodeFrame(
          {
            kind: 'evaluation-keys',
            keys: {
              relinearization: keys.relinearizationKey(),
              rotations: new Map([[1, keys.rotationKey(1)]]),
            },
          },
          SMALL,
        ),
    ],
    [
      'a square',
      'small',
      (): Uint8Array =>
        encodeFrame(
          { kind: 'evaluation-keys', keys: { ...keys.evaluationKeys([1, 2]), relinearization: undefined } },
          SMALL,
        ),
    ],
  ])('says so when the key for %s is missing, and goes on once it has come', async (_, planId, frame) => {
    role = createServerRole(sources);
    await role.open(SMALL, backend);
    await role.addKeys(frame());
    await role.addPlan(planId, partitionPlan(small, 1).parts[0]);
    const before = live();
    await expect(role.run(1, planId, 0, [input], [0])).rejects.toMatchObject({ code: 'missing-key' });
    expect(live()).toBe(before);
    await role.addKeys(keyFrame);
    expect((await role.run(2, planId, 0, [input], [0])).frames).toHaveLength(1);
  });

  it('refuses to work before it is open, without the plan, and past its end', async () => {
    role = createServerRole(sources);
    const wrongState = { code: 'wrong-state', stage: 'server' };
    await expect(role.addKeys(keyFrame)).rejects.toMatchObject(wrongState);
    await expect(role.addPlan('x', partitionPlan(small, 1).parts[0])).rejects.toMatchObject(wrongState);
    await expect(role.run(1, 'small', 0, [], [])).rejects.toMatchObject(wrongState);
    expect(await role.hasPlan('small')).toBe(false);
    expect(await role.memoryBytes()).toBe(0);
    await role.end(1);
    await openRole(backend);
    expect(await role.hasPlan('small')).toBe(true);
    await expect(role.run(1, 'other', 0, [input], [])).rejects.toMatchObject(wrongState);
    await expect(role.run(1, 'small', 1, [input], [])).rejects.toMatchObject({ stage: 'server' });
  });

  it('refuses frames of the wrong kind, damaged ones, and a value that comes twice', async () => {
    await openRole(backend);
    await expect(role.addKeys(input)).rejects.toMatchObject(malformed);
    await expect(role.addKeys(keyFrame.subarray(1))).rejects.toMatchObject(malformed);
    await expect(role.run(1, 'small', 0, [keyFrame], [])).rejects.toMatchObject(malformed);
    await expect(role.run(1, 'small', 0, [input.subarray(0, 99)], [])).rejects.toMatchObject(malformed);
    await expect(role.run(1, 'small', 0, [input, input], [])).rejects.toMatchObject(malformed);
    await expect(role.run(1, 'small', 0, [], [])).rejects.toThrow(/value 0 is here/);
    expect((await role.run(1, 'small', 0, [input], [0])).frames).toHaveLength(1);
  });

  it('stops in mid-run when told to, and runs again', async () => {
    await openRole(backend);
    const before = live();
    slowClock();
    const running = role.run(7, 'long', 0, [input], everything(long));
    const stopping = begun(7).then(async (share) => {
      await role.end(7);
      return share;
    });
    await expect(running).rejects.toMatchObject({ code: 'aborted', stage: 'server' });
    expect(await stopping).toBeLessThan(1);
    expect(live()).toBe(before);
    expect(await role.progress(7)).toBe(0);
    expect((await role.run(8, 'small', 0, [input], [0])).frames).toHaveLength(1);
  });

  it.each(['close', 'open'] as const)('ends a run in progress on %s', async (call) => {
    await openRole(backend);
    slowClock();
    const running = role.run(1, 'long', 0, [input], everything(long));
    const ending = begun(1).then(() =>
      call === 'close' ? role.close() : role.open(TINY, backend).then(() => undefined),
    );
    await expect(running).rejects.toMatchObject({ code: 'aborted' });
    await ending;
  });

  it('holds on to nothing from run to run, and its memory does not grow', async () => {
    await openRole(backend);
    const run = (runId: number) => role.run(runId, 'small', 0, [input], [0, 1]);
    await run(1);
    await run(2);
    const [held, bytes] = [live(), await role.memoryBytes()];
    for (let runId = 3; runId < 12; runId += 1) {
      await run(runId);
      await role.end(runId);
    }
    expect(live()).toBe(held);
    expect(await role.memoryBytes()).toBe(bytes);
    expect(bytes).toBeGreaterThan(1 << 20);
  });

  it('frees what was kept for a segment that never came', async () => {
    await openRole(backend);
    const [linear, square] = partitionPlan(small, 1).parts[0].segments[0];
    await role.addPlan('split', { name: 'split', segments: [[linear], [square]] });
    const before = live();
    await role.run(1, 'split', 0, [input], []);
    expect(live()).toBe(before + 2);
    await role.end(1);
    expect(live()).toBe(before);
    await expect(role.run(1, 'split', 1, [], [])).rejects.toThrow(/value 0 is here/);
  });

  it('forgets keys and plans when opened for other parameters, and keeps them for the same', async () => {
    await openRole(backend);
    await role.open({ ...SMALL }, backend);
    expect(await role.hasPlan('small')).toBe(true);
    await role.open(TINY, backend);
    expect(await role.hasPlan('small')).toBe(false);
    await expect(role.addKeys(keyFrame)).rejects.toThrow(/other parameters/);
  });

  it('opens once when opened twice at once', async () => {
    role = createServerRole(sources);
    await role.open(SMALL, backend);
    const once = live();
    await role.close();
    await Promise.all([role.open(SMALL, backend), role.open(SMALL, backend)]);
    expect(live()).toBe(once);
  });

  it('refuses parameters that its frames cannot carry', async () => {
    role = createServerRole(sources);
    const wide = { polyModulusDegree: 4096, coeffModulusBits: [30, 36, 36] };
    await expect(role.open(wide, backend)).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(role.open({ ...wide, coeffModulusBits: [36, 36, 40] }, backend)).rejects.toMatchObject({
      code: 'insecure-parameters',
    });
  });
});

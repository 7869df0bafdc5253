// Several clients on one evaluator: everyone's answers right, whatever is interleaved, dropped, ended or closed beside them.
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
import { SMALL } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { checkParameters } from '../params/parameters.ts';
import type { Plan } from '../plan/plan.ts';
import type { EvaluatorRole, SegmentRun } from '../protocol/evaluator.ts';
import { SERVER_BACKENDS } from '../protocol/backends.ts';
import { createEvaluator } from './evaluator.ts';

const OTHER = checkParameters({ polyModulusDegree: 4096, coeffModulusBits: [26, 26, 26, 27] });
const random = seededRandom(1);
const randomSlots = (): Float64Array => Float64Array.from({ length: SMALL.slots }, () => random() - 0.5);
const slots = randomSlots();
const sources = { kernel: kernelBytes() };
const aborted = { code: 'aborted', stage: 'server' };

let role: EvaluatorRole;
let handles: HandleWatch;
let kernels: KernelWatch;

beforeAll(async () => {
  await loadMeasuredSeal();
  handles = watchHandles();
  kernels = watchKernels();
});
afterAll(() => {
  handles.stop();
  kernels.stop();
});

/** One client of an evaluator that serves several: a secret key, and what it has given. */
interface Tenant {
  readonly context: string;
  readonly keySet: string;
  readonly plan: Plan;
  readonly planId: string;
  readonly keys: TestKeys;
}

describe.each(SERVER_BACKENDS)('tenants of one evaluator on %s', (backend) => {
  let tenants: Tenant[] = [];

  /** Two clients under each of two parameter sets, all with keys, on one evaluator. */
  async function openTenants(): Promise<void> {
    const seal = await loadMeasuredSeal();
    role = createEvaluator(sources);
    for (const [context, parameters] of [
      ['main', SMALL],
      ['other', OTHER],
    ] as const) {
      await role.open(context, parameters, backend);
      const plan = planOf(random, 3, parameters);
      await role.addPlan(context, `plan of ${context}`, bytesOf(plan));
      for (const name of ['first', 'second']) {
        const owner = new TestKeys(seal, parameters);
        const keySet = `${name} of ${context}`;
        await role.addKeys(context, keySet, keyFrameOf(owner.evaluationKeys([1, 2]), parameters));
        tenants.push({ context, keySet, plan, planId: `plan of ${context}`, keys: owner });
      }
    }
  }

  afterEach(async () => {
    vi.restoreAllMocks();
    for (const context of ['main', 'other']) await role.close(context);
    for (const tenant of tenants) tenant.keys[Symbol.dispose]();
    tenants = [];
    expect([...handles.live(), kernels.live()]).toEqual([0]);
  });

  const requestOf = (
    { planId, keySet, plan, keys: owner }: Tenant,
    runId: number,
    values: Float64Array,
  ): SegmentRun => ({
    runId,
    planId,
    keySet,
    segment: 0,
    frames: [inputFrameOf(owner, values)],
    wanted: everything(plan),
  });

  it('gives each the right answers, with all their runs interleaved', async () => {
    await openTenants();
    waitAtEveryCheckpoint();
    const runs = Array.from({ length: 24 }, (_, index) => {
      const tenant = tenants[index % tenants.length];
      const values = randomSlots();
      return { runId: index + 1, tenant, values, request: requestOf(tenant, index + 1, values) };
    });
    const answers = Promise.all(runs.map(({ request }) => role.run(request)));
    await underWay(role, ...runs.map(({ runId }) => runId));
    for (const [index, { frames }] of (await answers).entries()) {
      const { tenant, values } = runs[index];
      expect(frames).toHaveLength(3);
      expect(await errorOf(tenant.plan, tenant.keys, values, frames)).toBeLessThan(1e-3);
    }
  });

  it('never uses the keys of one set for another', async () => {
    await openTenants();
    const [first] = tenants;
    const some = { relinearization: undefined, rotations: new Map([[1, first.keys.rotationKey(1)]]) };
    await role.addKeys('main', 'poor', keyFrameOf(some));
    const request = requestOf(first, 1, slots);
    for (const keySet of ['poor', 'unknown', 'first of other']) {
      await expect(role.run({ ...request, keySet })).rejects.toMatchObject({ code: 'missing-key' });
    }
    // With another client's keys the answer is noise: whoever names them does not get it right.
    const { frames } = await role.run({ ...request, keySet: tenants[1].keySet });
    expect(await errorOf(first.plan, first.keys, slots, frames)).toBeGreaterThan(1);
    const own = await role.run(request);
    expect(await errorOf(first.plan, first.keys, slots, own.frames)).toBeLessThan(1e-3);
  });

  it('ends the runs of a key set that is dropped, and no other', async () => {
    await openTenants();
    waitAtEveryCheckpoint();
    const answers = tenants.map((tenant, index) => role.run(requestOf(tenant, index + 1, slots)));
    const dropped = expect(answers[0]).rejects.toMatchObject(aborted);
    await underWay(role, 1, 2, 3, 4);
    await role.dropKeys(tenants[0].keySet);
    await dropped;
    for (const [index, { plan, keys: owner }] of tenants.entries()) {
      if (index === 0) continue;
      expect(await errorOf(plan, owner, slots, (await answers[index]).frames)).toBeLessThan(1e-3);
    }
    const again = role.run(requestOf(tenants[0], 9, slots));
    await expect(again).rejects.toMatchObject({ code: 'missing-key' });
  });

  it('ends one run and leaves the others, of the same client and of others', async () => {
    await openTenants();
    waitAtEveryCheckpoint();
    const owners = [tenants[0], tenants[0], tenants[1], tenants[2]];
    const answers = owners.map((tenant, index) => role.run(requestOf(tenant, index + 1, slots)));
    const ended = expect(answers[1]).rejects.toMatchObject(aborted);
    await underWay(role, 1, 2, 3, 4);
    await role.end(2);
    await ended;
    for (const index of [0, 2, 3]) {
      const { plan, keys: owner } = owners[index];
      expect(await errorOf(plan, owner, slots, (await answers[index]).frames)).toBeLessThan(1e-3);
    }
  });

  it('closes one context and leaves the runs of the other', async () => {
    await openTenants();
    waitAtEveryCheckpoint();
    const answers = tenants.map((tenant, index) => role.run(requestOf(tenant, index + 1, slots)));
    const closed = [2, 3].map((index) => expect(answers[index]).rejects.toMatchObject(aborted));
    await underWay(role, 1, 2, 3, 4);
    await role.close('other');
    await Promise.all(closed);
    for (const index of [0, 1]) {
      const { plan, keys: owner } = tenants[index];
      expect(await errorOf(plan, owner, slots, (await answers[index]).frames)).toBeLessThan(1e-3);
    }
  });
});

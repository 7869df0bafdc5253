// Plans and keys are read in slices: messages that arrive meanwhile are heard, and what they ask for is done.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  bytesOf,
  everything,
  inputFrameOf,
  keyFrameOf,
  planOf,
  waitAtEveryCheckpoint,
} from '../../fixtures/evaluator-plans.ts';
import { kernelBytes } from '../../fixtures/kernel-watch.ts';
import { TestKeys } from '../../fixtures/seal-keys.ts';
import { SMALL } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import type { EvaluatorRole } from '../protocol/evaluator.ts';
import { loadSeal } from '../seal/load.ts';
import { createEvaluator } from './evaluator.ts';

const random = seededRandom(1);
const plan = planOf(random, 2);
let role: EvaluatorRole;
let order: string[];

/** Has `call` noted when it is done; what arrives after it was made is `message`. */
async function beside(call: Promise<unknown>, message: () => void = () => undefined): Promise<void> {
  const done = call.then(
    () => order.push('done'),
    (error: unknown) => order.push((error as { code: string }).code),
  );
  setTimeout(() => {
    order.push('message');
    message();
  }, 0);
  await done;
}

beforeEach(async () => {
  order = [];
  role = createEvaluator({ kernel: kernelBytes() });
  await role.open('main', SMALL, 'simd');
  waitAtEveryCheckpoint();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await role.close('main');
});

describe('a call that reads', () => {
  it('a plan hears its messages before it is done', async () => {
    await beside(role.addPlan('main', 'p', bytesOf(plan)));
    expect(order).toEqual(['message', 'done']);
  });

  it('a plan stops where its signal fires', async () => {
    const stop = new AbortController();
    await beside(role.addPlan('main', 'p', bytesOf(plan), { signal: stop.signal }), () => stop.abort());
    expect(order).toEqual(['message', 'aborted']);
  });

  it('keys hears its messages, and leaves nothing of a set that is dropped meanwhile', async () => {
    using keys = new TestKeys(await loadSeal(), SMALL);
    const frame = keyFrameOf(keys.evaluationKeys([1, 2]));
    await role.addPlan('main', 'p', bytesOf(plan));
    await beside(role.addKeys('main', 'dropped', frame), () => void role.dropKeys('dropped'));
    await beside(role.addKeys('main', 'kept', frame));
    expect(order).toEqual(['message', 'done', 'message', 'done']);
    vi.restoreAllMocks();
    const slots = Float64Array.from({ length: SMALL.slots }, () => random() - 0.5);
    const input = inputFrameOf(keys, slots);
    const run = (runId: number, keySet: string) =>
      role.run({ runId, planId: 'p', keySet, segment: 0, frames: [input], wanted: everything(plan) });
    await expect(run(1, 'dropped')).rejects.toMatchObject({ code: 'missing-key' });
    expect((await run(2, 'kept')).frames).toHaveLength(everything(plan).length);
  });
});

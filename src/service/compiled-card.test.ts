// A service reads what its compiler has made in slices: it hears its clients, and a stop, before it is done.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { waitAtEveryCheckpoint } from '../../fixtures/evaluator-plans.ts';
import { randomGraph } from '../../fixtures/random-graphs.ts';
import { yielding } from '../base/controls.ts';
import { compile } from '../compiler/compile.ts';
import { COST_TABLES } from '../plan/cost-tables.ts';
import { encodePlan } from '../plan/plan-codec.ts';
import { CompiledCard } from './compiled-card.ts';
import { hashOfPlans } from './compiler-role.ts';

const HASH = '0'.repeat(64);
const source = {
  kind: 'network',
  id: HASH,
  hash: HASH,
  file: { name: 'random', bytes: new Uint8Array() },
} as const;

async function read(signal?: AbortSignal): Promise<CompiledCard> {
  const made = compile(randomGraph(1), { costs: COST_TABLES.simd });
  const plans = made.plans.map(encodePlan);
  const compiled = { ...made, plans, planHash: await hashOfPlans(plans) };
  waitAtEveryCheckpoint();
  return CompiledCard.read(source, compiled, 'simd', yielding(signal, 'compile'));
}

afterEach(() => void vi.restoreAllMocks());

describe('a compiled card', () => {
  it('is read while messages are heard', async () => {
    const order: string[] = [];
    const reading = read().then((card) => order.push(`${card.plans.length} plan`));
    await vi.waitFor(() => expect(vi.isMockFunction(performance.now)).toBe(true));
    setTimeout(() => order.push('message'), 0);
    await reading;
    expect(order).toEqual(['message', '1 plan']);
  });

  it('is not read to its end once its caller has stopped', async () => {
    const stop = new AbortController();
    const reading = read(stop.signal);
    stop.abort();
    await expect(reading).rejects.toMatchObject({ code: 'aborted', stage: 'compile' });
  });
});

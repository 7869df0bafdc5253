// How much planning looks at, in steps and not in seconds: what froze the first edition's page stays small on any machine.
import { describe, expect, it } from 'vitest';
import { planningNetworks } from '../../fixtures/planning-networks.ts';
import { reluNetwork } from '../../fixtures/relu-network.ts';
import { SealedError } from '../base/errors.ts';
import { COST_TABLES } from '../plan/cost-tables.ts';
import { compile } from './compile.ts';
import { PlanningWork } from './general/planning-work.ts';

const costs = COST_TABLES.simd;

// The dearest take 64 million, in some 2 s of CPU; building tables for every layout took thousands of millions.
const MOST_STEPS = 75e6;
// Gap layouts and skewed copies make more of them: the dearest prices 7126.
const MOST_PRICED = 9000;

const HELD = ['relu network', 'digits', 'onnx/', 'pycrcnn/SimpleModelApprox.pt', 'models/unet21'];

describe('planning', () => {
  const networks = planningNetworks().filter(({ name }) => HELD.some((start) => name.startsWith(start)));

  it.each(networks.map(({ name }, at) => [name, at] as const))('looks at little for %s', (_, at) => {
    const { graph, options } = networks[at];
    const work = new PlanningWork();
    let rounds: number | undefined;
    try {
      const { explanation } = compile(graph(), { costs, ...options, work });
      rounds = explanation.segments.reduce((sum, { layouts }) => sum + layouts.length, 0);
    } catch (error) {
      // Some fit no layout: that must not take longer to find out.
      expect(error).toMatchObject({ code: 'does-not-fit' });
    }
    expect(work.steps).toBeGreaterThan(0);
    expect(work.steps).toBeLessThan(MOST_STEPS);
    expect(work.priced).toBeLessThan(MOST_PRICED);
    // Each round's tables and diagonals are filled in once, for the plan, however many ways were priced.
    expect(work.built).toBe(rounds ?? 0);
  });

  it('counts the same steps each time', () => {
    const count = (): number => {
      const work = new PlanningWork();
      compile(reluNetwork(), { costs, work });
      return work.steps;
    };
    expect(count()).toBe(count());
  });

  it('gives up where it would take too long, and says what to do', () => {
    const work = new PlanningWork(100_000);
    let failure: unknown;
    try {
      compile(reluNetwork(), { costs, work });
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(SealedError);
    expect(failure).toMatchObject({ code: 'does-not-fit' });
    // The client's rounds were tried, and plan within a fresh count.
    expect((failure as SealedError).message).toMatch(/takes too long.*--client-ops would do\.$/);
    expect(work.built).toBe(0);
  });
});

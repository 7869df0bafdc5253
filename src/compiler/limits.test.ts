// Limits: kept where some plan can, refused with what would do where none can; memory by encoding in each run.
import { describe, expect, it } from 'vitest';
import { unet, lenet5 } from '../../fixtures/study-networks.ts';
import { reluNetwork } from '../../fixtures/relu-network.ts';
import { COST_TABLES } from '../plan/cost-tables.ts';
import type { PlanChoice } from '../plan/explanation.ts';
import { compile } from './compile.ts';
import { frontOf, keepLimits } from './limits.ts';
import { memoryOf, withinMemory } from './memory.ts';

const costs = COST_TABLES.simd;
const choice = (prefer: string, evaluateMs: number, keyBytes: number): PlanChoice => ({
  prefer,
  evaluateMs,
  keyBytes,
  memoryBytes: 1e8,
  rounds: 0,
  error: 1e-3,
});
const CHOICES: Readonly<Record<string, PlanChoice>> = {
  balanced: choice('balanced', 20, 20e6),
  latency: choice('latency', 10, 40e6),
  'small-keys': choice('small-keys', 40, 5e6),
};
const plan = (prefer: string) => ({ choice: CHOICES[prefer] });

describe('keepLimits', () => {
  it('takes what is preferred where that keeps to the limits, and makes no other', () => {
    const { plan: kept, front } = keepLimits({ memoryBytes: 2e8 }, 'balanced', plan, false);
    expect([kept.choice.prefer, front.length]).toEqual(['balanced', 1]);
  });

  it('takes another where that does, and shows all when asked', () => {
    expect(keepLimits({ keyBytes: 10e6 }, 'balanced', plan, false).plan.choice.prefer).toBe('small-keys');
    expect(keepLimits({ evaluateMs: 15 }, 'balanced', plan, false).plan.choice.prefer).toBe('latency');
    expect(keepLimits({}, 'balanced', plan, true).front).toHaveLength(3);
  });

  it('says which limits would do', () => {
    expect(() => keepLimits({ keyBytes: 10e6, evaluateMs: 15 }, 'balanced', plan, false)).toThrow(
      /20ms of evaluation|40ms of evaluation|40MB of keys/,
    );
    expect(() => keepLimits({ keyBytes: 1e6 }, 'small-keys', plan, false)).toThrow(
      /5MB of keys where 1MB are allowed: --max-keys 5MB would do/,
    );
  });

  it('leaves out what another beats in everything', () => {
    const worse = choice('worse', 50, 50e6);
    expect(frontOf([worse, ...Object.values(CHOICES)]).map(({ prefer }) => prefer)).not.toContain('worse');
  });
});

describe('memory', () => {
  it('is kept to by encoding stages in each run, which takes longer', () => {
    const { plans } = compile(lenet5('square'), { costs, limits: { memoryBytes: 4e9 } });
    const whole = memoryOf(plans);
    const budget = whole.totalBytes - whole.vectorBytes / 2;
    const streamed = withinMemory(plans, budget);
    expect(memoryOf(streamed).totalBytes).toBeLessThanOrEqual(budget);
    expect(memoryOf(streamed).vectorBytes).toBeGreaterThan(0);
    expect(streamed[0].stages.some((stage) => stage.kind === 'linear' && stage.isStreamed)).toBe(true);
  });

  it('that nothing helps to keep is refused with what would do', () => {
    expect(() => compile(reluNetwork(), { costs, limits: { memoryBytes: 20e6 } })).toThrow(
      expect.objectContaining({
        code: 'does-not-fit',
        message: expect.stringMatching(/--max-memory \d+MB would do/) as string,
      }),
    );
  });

  it('of client rounds is a fraction: skips with ReLU go through them', () => {
    const { explanation } = compile(unet(21, 'relu'), { costs, clientOps: true });
    expect(explanation.rounds).toBe(5);
    expect(explanation.clientLearns).toHaveLength(5);
    expect(explanation.memoryBytes).toBeLessThan(1e8);
  });
});

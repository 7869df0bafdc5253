// Predicted counts against what the interpreter really asks of a backend, operation by operation and level by level.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runPlan } from '../../fixtures/run-plan.ts';
import { randomPlan, SMALL } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import type { Backend } from '../server/backend.ts';
import { COST_TABLES } from './cost-tables.ts';
import type { StageOperations } from './stages/stage-kind.ts';
import { kindOf } from './stages/stages.ts';
import {
  countOperations,
  type OperationCounts,
  type OperationName,
  OPERATIONS,
  predictMs,
  type CostTable,
} from './counts.ts';
import { outLevel, type Plan, rotationSteps, stageOutputs } from './plan.ts';

interface Counted {
  readonly level: number;
}

/** A backend that does nothing but count, and keeps track of levels and of what is still to be freed. */
class CountingBackend implements Backend<Counted> {
  readonly counts: OperationCounts;
  readonly steps = new Set<number>();
  live = 0;

  constructor(levels: number) {
    this.counts = Object.fromEntries(
      OPERATIONS.map((name) => [name, Array<number>(levels).fill(0)]),
    ) as OperationCounts;
  }

  #count(operation: OperationName, { level }: Counted, result: Counted = { level }): Counted {
    this.counts[operation][level] += 1;
    this.live += 1;
    return result;
  }

  load(): Counted {
    throw new Error('Nothing is loaded here.');
  }
  save(): never {
    throw new Error('Nothing is saved here.');
  }
  rotate(ciphertext: Counted, step: number): Counted {
    this.steps.add(step);
    return this.#count('rotate', ciphertext);
  }
  multiplyAdd(sum: Counted | undefined, ciphertext: Counted, diagonal: { readonly kind: string }): Counted {
    if (sum) this.live -= 1;
    return this.#count(diagonal.kind === 'scalar' ? 'multiplyScalar' : 'multiplyPlain', ciphertext);
  }
  add(a: Counted): Counted {
    this.live -= 1;
    return a;
  }
  rescale(ciphertext: Counted): Counted {
    this.live -= 1;
    return this.#count('rescale', ciphertext, { level: ciphertext.level - 1 });
  }
  addConstant(): void {
    // Too cheap to count.
  }
  multiply(a: Counted): Counted {
    return this.square(a);
  }
  square(ciphertext: Counted): Counted {
    this.live -= 2;
    this.#count('square', ciphertext);
    this.#count('relinearize', ciphertext);
    return this.#count('rescale', ciphertext, { level: ciphertext.level - 1 });
  }
  dropPrime({ level }: Counted): Counted {
    this.live += 1;
    return { level: level - 1 };
  }
  free(): void {
    this.live -= 1;
  }
  memoryBytes(): number {
    return 0;
  }
  [Symbol.dispose](): void {
    // Nothing is held.
  }
}

async function runCounting(plan: Plan): Promise<CountingBackend> {
  const backend = new CountingBackend(plan.parameters.maxLevel + 1);
  const inputs = Array.from({ length: plan.inputCount }, () => ({ level: plan.parameters.maxLevel }));
  backend.live = inputs.length;
  const outputs = await runPlan(backend, plan, inputs);
  const last = plan.stages.at(-1)!;
  expect(outputs).toEqual(Array.from({ length: stageOutputs(last) }, () => ({ level: outLevel(last) })));
  backend.live -= outputs.length;
  return backend;
}

describe('countOperations', () => {
  it('predicts what the interpreter does, which rotates by the steps of rotationSteps and frees all it makes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const plan = randomPlan(seededRandom(seed), SMALL);
        const backend = await runCounting(plan);
        expect(backend.counts).toEqual(countOperations(plan));
        expect([...backend.steps].sort((a, b) => a - b)).toEqual(rotationSteps(plan));
        expect(backend.live).toBe(0);
      }),
    );
  });
});

describe('predictMs', () => {
  it('weighs each operation by its cost with the primes of its level', () => {
    const plan = randomPlan(seededRandom(5), SMALL);
    const names = [...OPERATIONS, 'rotateHoisted', 'hoist', 'multiplyHoisted', 'encode'] as const;
    const none = Object.fromEntries(names.map((name) => [name, () => 0])) as unknown as CostTable;
    const cost = (primes: number): number => primes;
    const sum = (of: (operations: StageOperations) => number): number =>
      plan.stages.reduce((ms, stage) => ms + of(kindOf(stage).operations(stage)) * (stage.level + 1), 0);
    const expected: Record<(typeof names)[number], number> = {
      rotate: sum(({ rotate, baby }) => rotate - baby),
      rotateHoisted: sum(({ baby }) => baby),
      hoist: sum(({ hoists }) => hoists / 2),
      multiplyHoisted: sum(({ hoistedPlain, hoistedScalar }) => hoistedPlain + hoistedScalar),
      multiplyPlain: sum(({ multiplyPlain, hoistedPlain }) => multiplyPlain - hoistedPlain),
      multiplyScalar: sum(({ multiplyScalar, hoistedScalar }) => multiplyScalar - hoistedScalar),
      encode: sum(({ encoded }) => encoded),
      rescale: sum(({ rescale }) => rescale),
      square: sum(({ square }) => square),
      relinearize: sum(({ relinearize }) => relinearize),
    };
    expect(predictMs(plan, none)).toBe(0);
    for (const name of names) expect(predictMs(plan, { ...none, [name]: cost })).toBeCloseTo(expected[name]);
    expect(expected.multiplyHoisted).toBeGreaterThan(0);
  });

  it('grows with primes and slots under the measured table', () => {
    for (const operation of OPERATIONS) {
      const cost = COST_TABLES.seal[operation];
      expect(cost(2, 4096)).toBeGreaterThan(cost(1, 4096));
      expect(cost(2, 8192)).toBeCloseTo(2 * cost(2, 4096));
    }
  });
});

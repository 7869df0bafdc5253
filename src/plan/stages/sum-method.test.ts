// The method of a stage's sums: what each can do, what is chosen for a whole stage, and that a share can do it too.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomPlan, SMALL } from '../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import { partitionPlan } from '../partition.ts';
import type { Diagonal, LinearRow } from '../plan.ts';
import { canSumBy, type SumMethod, sumMethodOf } from './sum-method.ts';

const METHODS: readonly SumMethod[] = ['matrix', 'products', 'hoisted', 'rotate-and-sum'];
const one: Diagonal = { kind: 'scalar', value: 1 };
const half: Diagonal = { kind: 'scalar', value: 0.5 };
const vector: Diagonal = { kind: 'vector', values: new Float32Array(4) };

function row(
  giantStep: number,
  ...terms: readonly (readonly [step: number, diagonal: Diagonal])[]
): LinearRow {
  return {
    sums: [{ giantStep, terms: terms.map(([step, diagonal]) => ({ input: 0, step, diagonal })) }],
    bias: undefined,
  };
}

/** What may make the sums of `rows`, and what is chosen. */
function methods(rows: readonly LinearRow[], plainScale: number): [SumMethod[], SumMethod] {
  const stage = { rows, plainScale };
  return [METHODS.filter((method) => canSumBy(method, stage)), sumMethodOf(stage)];
}

describe('sumMethodOf', () => {
  it.each<[string, LinearRow[], number, SumMethod[], SumMethod]>([
    ['numbers', [row(0, [0, half])], 8, ['matrix', 'products', 'hoisted'], 'matrix'],
    ['vectors', [row(0, [0, vector])], 8, ['products', 'hoisted'], 'products'],
    ['a rotation for one row', [row(0, [1, vector], [2, vector])], 8, ['products', 'hoisted'], 'hoisted'],
    ['a rotation that rows share', Array.from({ length: 2 }, () => row(0, [1, vector])), 8, ['products', 'hoisted'], 'products'],
    ['a giant step', Array.from({ length: 9 }, () => row(8, [0, vector])), 8, ['hoisted'], 'hoisted'],
    ['a fold', [row(0, [0, one], [4, one])], 1, ['products', 'hoisted', 'rotate-and-sum'], 'rotate-and-sum'],
    ['a fold at a scale', [row(0, [0, one], [4, one])], 2, ['products', 'hoisted'], 'products'],
    ['no row', [], 1, METHODS.slice(), 'matrix'],
  ])('%s', (_, rows, plainScale, possible, chosen) => {
    expect(methods(rows, plainScale)).toEqual([possible, chosen]);
  }); // prettier-ignore

  it('chooses what can be done, and every share of a stage can do it', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 5 }), (seed, workers) => {
        const plan = randomPlan(seededRandom(seed), SMALL);
        for (const { segments } of partitionPlan(plan, workers).parts) {
          for (const stage of segments.flat()) {
            if (stage.kind === 'linear') expect(canSumBy(stage.method, stage)).toBe(true);
          }
        }
      }),
    );
  });
});

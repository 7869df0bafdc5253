// The table of stage kinds: what each kind says of a stage that can be checked by hand.
import { describe, expect, it } from 'vitest';
import type { LinearStage } from './linear.ts';
import { type Pair, type ProductStage, squares } from './product.ts';
import { kindOf, outLevel, type Stage, stageLabel, stageOutputs } from './stages.ts';

const scales = { level: 2, inScale: 2 ** 20, outScale: 2 ** 20 };
const product = (pairs: readonly Pair[]): ProductStage => ({
  kind: 'product',
  layers: ['a', 'b'],
  ...scales,
  pairs,
});
const term = (input: number, step: number) =>
  ({ input, step, diagonal: { kind: 'scalar', value: 2 } }) as const;
const linear: LinearStage = {
  kind: 'linear',
  layers: ['a', 'b'],
  part: 'fold',
  ...scales,
  plainScale: 2 ** 4,
  rescale: false,
  method: 'hoisted',
  rows: [
    { sums: [{ giantStep: 8, terms: [term(0, 0), term(1, 1)] }], bias: undefined },
    { sums: [{ giantStep: 0, terms: [term(1, 1)] }], bias: undefined },
  ],
};

describe('a product stage', () => {
  it('is a square where every pair has equal operands, in any order', () => {
    expect(kindOf(product(squares(3))).word(product(squares(3)))).toBe('square');
    const swapped = product([
      { left: 1, right: 1 },
      { left: 0, right: 0 },
    ]);
    expect(kindOf(swapped).word(swapped)).toBe('square');
    expect(kindOf(swapped).print(swapped)).toBe('2 ciphertexts');
  });

  it('multiplies what has two operands and carries on what has one', () => {
    const stage = product([
      { left: 0, right: 1 },
      { left: 2, right: undefined },
      { left: 1, right: 1 },
    ]);
    const kind = kindOf(stage);
    expect([kind.word(stage), kind.print(stage)]).toEqual(['product', '2 products, 1 carried on times 1']);
    const none = {
      rotate: 0,
      baby: 0,
      hoists: 0,
      hoistedPlain: 0,
      hoistedScalar: 0,
      encoded: 0,
      multiplyPlain: 0,
    };
    const operations = { ...none, multiplyScalar: 1, square: 2, relinearize: 2, rescale: 3 };
    expect(kind.operations(stage)).toEqual(operations);
    expect([0, 1, 2].map((output) => kind.reads(stage, output))).toEqual([[0, 1], [2], [1]]);
    expect(kind.pick(stage, [2]).pairs).toEqual([{ left: 1, right: 1 }]);
    expect([stageOutputs(stage), outLevel(stage), kind.factorScale(stage)]).toEqual([3, 1, 2 ** 20]);
    expect([stageLabel(stage), [...kind.steps(stage)]]).toEqual(['a, b', []]);
  });
});

describe('what is carried on', () => {
  const stage = product([
    { left: 0, right: 0 },
    { left: 1, right: undefined, drop: true },
    { left: 2, right: undefined, drop: true },
    { left: 2, right: undefined },
  ]);

  it('costs nothing where it only loses a prime', () => {
    const kind = kindOf(stage);
    expect(kind.print(stage)).toBe('1 products, 2 carried on, 1 carried on times 1');
    expect(kind.operations(stage)).toMatchObject({
      square: 1,
      relinearize: 1,
      multiplyScalar: 1,
      rescale: 2,
    });
    expect([0, 1, 3].map((output) => kind.work(stage, output))).toEqual([10, 1, 1]);
    expect(kind.pick(stage, [1]).pairs).toEqual([{ left: 1, right: undefined, drop: true }]);
  });
});

describe('a linear stage', () => {
  it('counts a baby step once for all rows, and a giant step once for each sum', () => {
    const kind = kindOf(linear);
    expect(kind.operations(linear)).toMatchObject({ rotate: 2, baby: 1, multiplyScalar: 3, rescale: 0 });
    expect(kind.operations({ ...linear, rescale: true })).toMatchObject({ rescale: 2 });
    expect([...kind.steps(linear)].sort()).toEqual([1, 8]);
    expect([0, 1].map((output) => kind.work(linear, output))).toEqual([2, 1]);
    expect(kind.reads(linear, 0)).toEqual([0, 1]);
    expect([outLevel(linear), kind.factorScale(linear), stageLabel(linear)]).toEqual([
      2,
      2 ** 4,
      'fold a, b',
    ]);
  });
});

describe('kindOf', () => {
  it('refuses a kind that is none', () => {
    const foreign = { ...linear, kind: 'constructor' } as unknown as Stage;
    expect(() => kindOf(foreign)).toThrow(expect.objectContaining({ code: 'plan-rejected' }));
  });
});

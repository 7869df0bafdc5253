// Gathered inputs: the tables and weights that are built compute the map, and what is counted without building is the same.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededNumbers } from '../../../fixtures/random-graphs.ts';
import { affineOf, allUsed, randomMatrix } from '../../../fixtures/sparse-maps.ts';
import { elementCount } from '../../model/graph.ts';
import type { StageTarget } from './diagonals.ts';
import { boundGather, boundTables, countGather, gatherInputs, GatherSource } from './gather.ts';
import { PlanningWork } from './planning-work.ts';
import { applyMatrix, gatherMatrix, type SparseMatrix } from './sparse-map.ts';
import { skewsOf, slotAt } from './skew.ts';
import { layoutFamily } from './tensor-layout.ts';

const RING = 64;
const INPUTS = 30;

function targetOf(matrix: SparseMatrix, shape: readonly number[], choice: number): StageTarget {
  const used = allUsed(matrix.rowCount);
  const plain = layoutFamily(shape, used, RING, []);
  const family = [...plain, ...plain.flatMap((layout) => skewsOf(layout, [layout.period], RING))];
  return { affine: affineOf(matrix), layout: family[choice % family.length], used };
}

const anySource = fc
  .tuple(fc.nat(1e6), fc.nat(20), fc.constantFrom(0.05, 0.3, 1), fc.constantFrom([2, 4, 4], [20], [1, 6, 6]))
  .map(([seed, choice, density, shape]) => {
    const random = seededNumbers(seed);
    const rows = elementCount(shape);
    const first = randomMatrix(rows, INPUTS, density, random);
    // A second target that reads alike, with other weights, as the leaves of a series do.
    const second = { ...first, values: first.values.map((value) => 2 * value) };
    const targets = [first, second].map((matrix) => targetOf(matrix, shape, choice));
    return { source: new GatherSource(targets, RING, new PlanningWork()), random };
  });
const anySpread = fc.constantFrom(1, 2, 4, 8);

describe('gatherInputs', () => {
  it('computes every row, folded over its copies', () => {
    fc.assert(
      fc.property(anySource, anySpread, ({ source, random }, spread) => {
        const input = Float64Array.from({ length: INPUTS }, random);
        const { tables, rows, work } = gatherInputs(source, spread);
        const slots = tables.map((table) => Float64Array.from(table, (e) => (e < 0 ? 0 : input[e])));
        let row = 0;
        for (const [number, { affine, layout }] of source.targets.entries()) {
          const sums = rows.slice(row, row + layout.count).map((taps) => {
            const sum = new Float64Array(layout.skew ? RING : work[number]);
            for (const { input: table, values } of taps) {
              for (let p = 0; p < sum.length; p += 1) {
                sum[p] += slots[table][p] * (typeof values === 'number' ? values : values[p]);
              }
            }
            return sum;
          });
          row += layout.count;
          applyMatrix(affine.parts[0].matrix, input).forEach((expected, e) => {
            if (layout.skew) {
              for (let copy = 0; copy < RING / layout.period; copy += 1) {
                const slot = slotAt(layout, layout.position[e], copy);
                expect(sums[layout.ciphertext[e]][slot]).toBeCloseTo(expected, 9);
              }
              return;
            }
            let folded = 0;
            for (let p = layout.position[e]; p < work[number]; p += layout.period) {
              folded += sums[layout.ciphertext[e]][p];
            }
            expect(folded).toBeCloseTo(expected, 9);
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('repeats each table around the ring, and shares those that are alike', () => {
    const matrix = gatherMatrix([3, 1, 2, 0], 4);
    const twice = [matrix, { ...matrix, values: matrix.values.map(() => 5) }];
    const targets = twice.map((map) => targetOf(map, [4], 0));
    const { tables, rows } = gatherInputs(new GatherSource(targets, RING, new PlanningWork()), 1);
    expect(tables).toHaveLength(1);
    expect([...tables[0].subarray(0, 8)]).toEqual([3, 1, 2, 0, 3, 1, 2, 0]);
    expect(rows.map(([{ values }]) => values)).toEqual([1, 5]);
  });

  it('packs one empty table where nothing is read', () => {
    const targets = [targetOf(gatherMatrix([-1, -1], 4), [2], 0)];
    const { tables } = gatherInputs(new GatherSource(targets, RING, new PlanningWork()), 1);
    expect(tables).toEqual([new Int32Array(RING).fill(-1)]);
  });
});

describe('countGather', () => {
  it('counts what would be built, and bounds lie below it', () => {
    fc.assert(
      fc.property(anySource, anySpread, ({ source }, spread) => {
        const { tables, rows, work } = gatherInputs(source, spread);
        const taps = rows.flat();
        const counted = countGather(source, spread);
        expect(counted.tables).toBe(tables.length);
        expect(counted.vectors + counted.scalars).toBe(taps.length);
        expect(counted.scalars).toBe(taps.filter(({ values }) => typeof values === 'number').length);
        expect(counted.work).toEqual(work);
        const bound = boundGather(source, spread);
        expect(bound.products).toBe(taps.length);
        expect(bound.tables).toBeLessThanOrEqual(tables.length);
        expect(boundTables(source, spread)).toBeLessThanOrEqual(tables.length);
      }),
      { numRuns: 60 },
    );
  });

  it('builds nothing', () => {
    const work = new PlanningWork();
    const source = new GatherSource([targetOf(gatherMatrix([3, 1], 4), [2], 0)], RING, work);
    countGather(source, 1);
    expect([work.built, work.gathered > 0]).toEqual([0, true]);
  });
});

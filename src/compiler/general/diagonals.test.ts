// Diagonals between layouts: multiplied out by hand, they compute the matrix, whatever the layouts and the split.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededNumbers } from '../../../fixtures/random-graphs.ts';
import { affineOf, allUsed, inLayout, randomMatrix } from '../../../fixtures/sparse-maps.ts';
import { columnHashes, fillDiagonals, findDiagonals, mergeInputs, workPeriod } from './diagonals.ts';
import { PlanningWork } from './planning-work.ts';
import { SearchTables } from './search-tables.ts';
import { applyMatrix, MatrixBuilder } from './sparse-map.ts';
import { canRead, skewsOf, slotAt } from './skew.ts';
import { layoutFamily, type TensorLayout } from './tensor-layout.ts';

const RING = 128;

describe('diagonals', () => {
  it('compute their matrix in every pair of layouts', () => {
    const shapes = fc.constantFrom([2, 6, 6], [5, 4, 4], [3, 9, 5], [40, 1, 1], [1, 11, 11]);
    fc.assert(
      fc.property(fc.nat(1e6), shapes, shapes, fc.constantFrom(0.05, 0.5, 1), (seed, from, to, density) => {
        const random = seededNumbers(seed);
        const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
        const matrix = randomMatrix(size(to), size(from), density, random);
        const all = (shape: readonly number[]): Uint8Array => new Uint8Array(size(shape)).fill(1);
        const choose = (shape: readonly number[]): TensorLayout => {
          const family = layoutFamily(shape, all(shape), RING, [6, 8]);
          return family[Math.floor(random() * family.length)];
        };
        const [plain, other] = [choose(from), choose(to)];
        const skewed = (own: TensorLayout, next: TensorLayout): TensorLayout[] =>
          skewsOf(own, [1, 8, next.period, own.period], RING);
        // Either may stand in skewed copies, not both.
        const pairs = [
          [plain, other],
          ...skewed(plain, other)
            .filter((source) => canRead(source, other.period))
            .map((source) => [source, other]),
          ...skewed(other, plain).map((layout) => [plain, layout]),
        ];
        const [source, layout] = pairs[Math.floor(random() * pairs.length)];
        const placed = new Map([[0, { layout: source, first: 0 }]]);
        const representative = Int32Array.from({ length: source.count }, (_, i) => i);
        const inputs = { ring: RING, count: source.count, placed, representative };
        const target = { affine: affineOf(matrix), layout, used: all(to) };
        const values = Array.from({ length: size(from) }, random);
        const slots = inLayout(source, values, RING);
        const work = workPeriod(target, inputs.placed, RING);
        const expected = applyMatrix(matrix, Float64Array.from(values));
        const rows = fillDiagonals(target, inputs).map((taps) => {
          const sum = new Float64Array(RING);
          for (const { input, shift, values: diagonal } of taps) {
            for (let p = 0; p < RING; p += 1) {
              const weight = typeof diagonal === 'number' ? diagonal : diagonal[p % diagonal.length];
              sum[p] += weight * slots[input][(p + shift) % RING];
            }
          }
          return sum;
        });
        expected.forEach((value, e) => {
          if (layout.skew) {
            // Not folded: every copy holds the value.
            for (let copy = 0; copy < RING / layout.period; copy += 1) {
              const slot = slotAt(layout, layout.position[e], copy);
              expect(rows[layout.ciphertext[e]][slot]).toBeCloseTo(value, 9);
            }
            return;
          }
          let folded = 0;
          for (let p = layout.position[e]; p < work; p += layout.period)
            folded += rows[layout.ciphertext[e]][p];
          expect(folded).toBeCloseTo(value, 9);
        });
        const found = findDiagonals([target], inputs, Infinity, 1, new SearchTables(new PlanningWork()))!;
        expect(found.shifts).toHaveLength(fillDiagonals(target, inputs).flat().length);
      }),
      { numRuns: 120 },
    );
  });

  it('are as many as the copies leave, where what is read is skewed', () => {
    const dense = (rows: number, columns: number) =>
      affineOf(randomMatrix(rows, columns, 1, seededNumbers(3)));
    const flat = (size: number): TensorLayout => layoutFamily([size], allUsed(size), RING, [])[0];
    for (const [inputs, outputs] of [
      [16, 16],
      [32, 16],
      [16, 64],
      [64, 64],
    ]) {
      const source = skewsOf(flat(inputs), [outputs], RING)[0];
      const target = { affine: dense(outputs, inputs), layout: flat(outputs), used: allUsed(outputs) };
      const stage = (layout: TensorLayout) => ({
        ring: RING,
        count: 1,
        placed: new Map([[0, { layout, first: 0 }]]),
        representative: Int32Array.of(0),
      });
      const count = (layout: TensorLayout): number =>
        findDiagonals([target], stage(layout), Infinity, 1, new SearchTables(new PlanningWork()))!.shifts
          .length;
      expect(count(flat(inputs))).toBe(Math.min(inputs, outputs));
      expect(count(source)).toBe((inputs * outputs) / RING);
      const again = { ...target, layout: skewsOf(flat(outputs), [outputs], RING)[0] };
      expect(
        findDiagonals([again], stage(source), Infinity, 1, new SearchTables(new PlanningWork())),
      ).toBeUndefined();
    }
  });
});

describe('mergeInputs', () => {
  it('adds up ciphertexts whose columns agree at every position, and no others', () => {
    const builder = new MatrixBuilder(2, 6);
    for (const weights of [
      [1, 2, 1, 2, 1, 3],
      [4, 5, 4, 5, 4, 5],
    ]) {
      // prettier-ignore
      weights.forEach((weight, column) => builder.add(column, weight));
      builder.endRow();
    }
    const affine = affineOf(builder.finish());
    const layout: TensorLayout = {
      name: 'three of two',
      period: 2,
      count: 3,
      ciphertext: Int32Array.of(0, 0, 1, 1, 2, 2),
      position: Int32Array.of(0, 1, 0, 1, 0, 1),
    };
    const hashes = columnHashes([{ affine, used: Uint8Array.of(1, 1) }]);
    const placed = new Map([[0, { layout, first: 0 }]]);
    expect([...mergeInputs(() => hashes, placed, 3, RING)]).toEqual([0, 0, 2]);
  });
});

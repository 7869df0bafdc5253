// How a linear stage's sums are made: chosen for the whole stage, so that a share of it gives the same bytes as all of it.
import type { LinearRow } from './linear-rows.ts';

/**
 * Ways to make the sums of a linear stage. They say the same up to rounding, and each row's bytes depend on that row alone.
 * A backend may know but one way for all.
 *
 * - `matrix`: nothing is rotated and every factor is a number.
 * - `products`: each rotation of an input is divided by P, then multiplied and added. No sum is rotated.
 * - `hoisted`: sums are added up over QP, and each row is divided by P once (Halevi and Shoup 2018; Bossuat and others 2021).
 * - `chained`: as `hoisted`, but the giant steps are multiples of one, and each sum is rotated by that one until it meets the
 *   next: one key for all of them, and no more rotations (Horner's rule) where no multiple is missing.
 * - `rotate-and-sum`: rotated ciphertexts are added up as they are, every factor being 1.
 */
export type SumMethod = 'matrix' | 'products' | 'hoisted' | 'chained' | 'rotate-and-sum';

/** Whether `method` adds up over QP, and divides by P once a row. */
export function addsOverQP(method: SumMethod): boolean {
  return method === 'hoisted' || method === 'chained';
}

/** What of a linear stage decides. */
interface Sums {
  readonly rows: readonly LinearRow[];
  readonly plainScale: number;
  /** The step that all giant steps are multiples of, where they are to be chained. */
  readonly giantUnit?: number | undefined;
}

function rotates({ sums }: LinearRow): boolean {
  return sums.some(({ giantStep, terms }) => giantStep !== 0 || terms.some(({ step }) => step !== 0));
}

function isWithoutGiantSteps({ sums }: LinearRow): boolean {
  return sums.every(({ giantStep }) => giantStep === 0);
}

function isOfScalars({ sums }: LinearRow): boolean {
  return sums.every(({ terms }) => terms.every(({ diagonal }) => diagonal.kind === 'scalar'));
}

/** Whether a row adds up rotated values, none of them multiplied. */
function isPlainSum({ sums: [sum, ...others] }: LinearRow): boolean {
  return (
    others.length === 0 &&
    sum.giantStep === 0 &&
    sum.terms.every(({ diagonal }) => diagonal.kind === 'scalar' && diagonal.value === 1)
  );
}

/** Whether the giant steps of a row ascend in multiples of `unit`. */
function isChain({ sums }: LinearRow, unit: number): boolean {
  return sums.every(
    ({ giantStep }, i) => giantStep % unit === 0 && (i === 0 || giantStep > sums[i - 1].giantStep),
  );
}

/** Whether `method` can make the sums of every row. What holds for a stage holds for every share of it. */
export function canSumBy(method: SumMethod, { rows, plainScale, giantUnit }: Sums): boolean {
  switch (method) {
    case 'matrix':
      return rows.every((row) => !rotates(row) && isOfScalars(row));
    case 'products':
      return rows.every(isWithoutGiantSteps);
    case 'rotate-and-sum':
      return plainScale === 1 && rows.every(isPlainSum);
    case 'chained':
      return giantUnit !== undefined && giantUnit > 0 && rows.every((row) => isChain(row, giantUnit));
    case 'hoisted':
      return true;
  }
}

/**
 * The cheapest method for a whole stage. Dividing each rotation by P costs less than dividing each row's sum over QP where
 * few rotations are shared by many rows, and none is of a whole sum.
 */
export function sumMethodOf(stage: Sums): SumMethod {
  const { rows } = stage;
  if (!rows.some(rotates)) return canSumBy('matrix', stage) ? 'matrix' : 'products';
  if (canSumBy('rotate-and-sum', stage)) return 'rotate-and-sum';
  if (!canSumBy('products', stage)) return canSumBy('chained', stage) ? 'chained' : 'hoisted';
  const rotations = new Set<string>();
  for (const { sums } of rows) {
    for (const { terms } of sums) {
      for (const { input, step } of terms) if (step !== 0) rotations.add(`${input}:${step}`);
    }
  }
  return rotations.size <= rows.length ? 'products' : 'hoisted';
}

// Which skews the search for layouts tries: those that suit what is read next.
import type { StageTarget } from './diagonals.ts';
import type { Phase } from './phases.ts';
import type { State } from './round-cost.ts';
import { isSkewedFor } from './skew.ts';
import { identityFactor } from './sparse-map.ts';
import type { TensorLayout } from './tensor-layout.ts';

/** Whether what `state` has in skewed copies is skewed for one of `targets`. */
export function suits({ placed }: State, targets: readonly StageTarget[], ring: number): boolean {
  const skewed = [...placed.values()].filter(({ layout }) => layout.skew);
  return skewed.every(({ layout: source }) =>
    targets.some(({ layout }) => isSkewedFor(source, layout.period, ring)),
  );
}

/** The periods that those values of `phase` may have that are made of others. */
export function periodsOf(phase: Phase, families: ReadonlyMap<number, readonly TensorLayout[]>): Set<number> {
  // What stays where it is gains nothing by copies that differ.
  const moving = phase.targets.filter(({ affine }) =>
    affine.parts.some(({ matrix }) => identityFactor(matrix) === undefined),
  );
  return new Set(moving.flatMap(({ group }) => families.get(group)!.map(({ period }) => period)));
}

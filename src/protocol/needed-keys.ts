// The evaluation keys that a card asks for, and the level of each.
import { checkParameters } from '../params/parameters.ts';
import type { Card } from './card.ts';

/** The keys that a card needs. */
export interface NeededKeys {
  /** Level of the relinearisation key; undefined for none. */
  readonly relinearize: number | undefined;
  /** Level of the key of each rotation step, steps ascending. */
  readonly rotations: ReadonlyMap<number, number>;
}

/** The keys of all segments of a card, each for the highest level at which one of them uses it. */
export function neededKeys({ segments, parameters }: Card): NeededKeys {
  const whole = checkParameters(parameters).maxLevel;
  let relinearization = -1;
  const levels = new Map<number, number>();
  for (const { relinearize, rotationSteps, keyLevels } of segments) {
    if (relinearize) relinearization = Math.max(relinearization, keyLevels?.relinearize ?? whole);
    for (const [index, step] of rotationSteps.entries()) {
      levels.set(step, Math.max(levels.get(step) ?? 0, keyLevels?.rotations[index] ?? whole));
    }
  }
  return {
    relinearize: relinearization < 0 ? undefined : relinearization,
    rotations: new Map([...levels].sort(([a], [b]) => a - b)),
  };
}

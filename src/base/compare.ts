// How far computed values are from those expected.

/** Largest and mean absolute difference. */
export interface Differences {
  readonly maxAbsError: number;
  readonly meanAbsError: number;
}

/**
 * Differences of two sequences of one length. A value that is no number makes both no number.
 * @throws RangeError where the lengths differ
 */
export function compareValues(actual: ArrayLike<number>, expected: ArrayLike<number>): Differences {
  if (actual.length !== expected.length) {
    throw new RangeError(`There are ${actual.length} values where ${expected.length} are expected.`);
  }
  let [maxAbsError, sum] = [0, 0];
  for (let i = 0; i < expected.length; i += 1) {
    const error = Math.abs(actual[i] - expected[i]);
    // Math.max keeps a NaN once it has met one.
    maxAbsError = Math.max(maxAbsError, error);
    sum += error;
  }
  return { maxAbsError, meanAbsError: expected.length === 0 ? 0 : sum / expected.length };
}

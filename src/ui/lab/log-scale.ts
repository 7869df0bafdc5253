// Logarithmic axes for plots.

/** Whole powers of ten from below the smallest positive of `values` to above the largest: at least two. */
export function decades(values: readonly number[]): number[] {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0) return [0, 1];
  const low = Math.floor(Math.log10(Math.min(...positive)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive))));
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

/** Where a value lies between `from` (the first of `powers`) and `to` (the last); what lies below, at `from`. */
export function logScale(powers: readonly number[], from: number, to: number): (value: number) => number {
  const low = powers[0];
  const span = powers.at(-1)! - low;
  return (value) => {
    if (!(value > 0)) return from;
    const share = Math.min(1, Math.max(0, (Math.log10(value) - low) / span));
    return from + share * (to - from);
  };
}

// Skewed copies: copies of a value rotated further and further, so that one rotation meets other weights in each of them. A
// dense map of P inputs to Q outputs then takes P·Q/R diagonals on a ring of R positions instead of the lesser of P and Q.
import type { TensorLayout } from './tensor-layout.ts';

/** What tells where copies are. */
type Copies = Pick<TensorLayout, 'period' | 'skew'>;

/** Where period number `block` of the ring holds what the first one has at `position`. */
export function slotAt({ period, skew }: Copies, position: number, block: number): number {
  const start = block * period;
  if (!skew) return start + position;
  return start + ((position - skew.by * Math.floor(start / skew.every)) & (period - 1));
}

/** Whether diagonals lead from `source`, which is skewed, to values of `period`. */
export function canRead(source: Copies, period: number): boolean {
  return !source.skew || period <= source.skew.every;
}

/**
 * Of the copies of what `source`, which is skewed, has at `position`: the one that lies the least behind a position that is
 * `at` modulo `period`. All elements of a value so read copies within `skew.by` positions of themselves.
 */
export function nearestCopy(
  source: Copies,
  ring: number,
  period: number,
  at: number,
  position: number,
): number {
  const { by, every } = source.skew!;
  const own = source.period;
  const distance = (position - at) & (Math.min(own, period) - 1);
  const stretch = Math.min(ring / every - 1, Math.floor(distance / by));
  const within =
    period <= own ? (position - by * stretch) & (own - 1) : (at + distance - by * stretch) & (period - 1);
  return stretch * every + within;
}

function skewFor(
  source: Copies,
  period: number,
  ring: number,
): { readonly by: number; readonly every: number } {
  const every = Math.max(source.period, period);
  return { by: (Math.min(source.period, period) * every) / ring, every };
}

/** Whether `source`, if it is skewed, is so for values of `period`: for others another skew is better. */
export function isSkewedFor(source: Copies, period: number, ring: number): boolean {
  const { skew } = source;
  if (!skew) return true;
  const { by, every } = skewFor(source, period, ring);
  return skew.by === by && skew.every === every;
}

/**
 * `layout` in skewed copies, for maps to values of each of `periods`: all of the copies together then meet every weight once.
 * None where there are no copies.
 */
export function skewsOf(layout: TensorLayout, periods: Iterable<number>, ring: number): TensorLayout[] {
  const found = new Map<string, TensorLayout>();
  for (const period of periods) {
    const { by, every } = skewFor(layout, period, ring);
    if (every === ring || by < 1) continue;
    const name = `${layout.name}, skew ${by} every ${every}`;
    found.set(name, { ...layout, name, skew: { by, every } });
  }
  return [...found.values()];
}

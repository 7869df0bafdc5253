// Sums over pictures that a table's figures come from: they add up, so a run that was stopped goes on.
import { type Estimate, meanOf, shareOf } from './metrics.ts';

/** What was counted over some pictures. */
export interface Tally {
  readonly count: number;
  /** Pictures in which anything was read, and in which the exact text was. */
  readonly readAny: number;
  readonly readExact: number;
  /** Sum and sum of squares of the differences from the reference. */
  readonly difference: number;
  readonly differenceSquares: number;
}

/** Tallies by what they are of. */
export type Tallies = Readonly<Record<string, Tally>>;

const NOTHING: Tally = { count: 0, readAny: 0, readExact: 0, difference: 0, differenceSquares: 0 };

/** The tally of one picture: what was read in it (null for nothing), its text, its difference from the reference. */
export function tallyOf(read: string | null, text: string, difference: number): Tally {
  return {
    count: 1,
    readAny: Number(read !== null),
    readExact: Number(read === text),
    difference,
    differenceSquares: difference ** 2,
  };
}

function sumOf(a: Tally, b: Tally): Tally {
  return {
    count: a.count + b.count,
    readAny: a.readAny + b.readAny,
    readExact: a.readExact + b.readExact,
    difference: a.difference + b.difference,
    differenceSquares: a.differenceSquares + b.differenceSquares,
  };
}

/** Both together, name by name. */
export function addTallies(a: Tallies, b: Tallies): Tallies {
  const sum: Record<string, Tally> = { ...a };
  for (const [name, tally] of Object.entries(b)) sum[name] = sumOf(sum[name] ?? NOTHING, tally);
  return sum;
}

/** A table's figures with their 95 % intervals. */
export interface Figures {
  readonly readAny: Estimate;
  readonly readExact: Estimate;
  readonly difference: Estimate;
}

/** The figures of `tally`. */
export function figuresOf({ count, readAny, readExact, difference, differenceSquares }: Tally): Figures {
  return {
    readAny: shareOf(readAny, count),
    readExact: shareOf(readExact, count),
    difference: meanOf(difference, differenceSquares, count),
  };
}

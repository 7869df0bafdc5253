// The study's table beside ours, as data: what the command prints and the page draws.
import type { Estimate } from './metrics.ts';
import { CAUSES, type Cause, causeName, scoreName, TREATMENTS, type Treatment } from './score.ts';
import { READINGS, type Reading } from './readings.ts';
import type { StudyRow } from './study-rows.ts';
import type { EncryptedFigures, RowState } from './study-run.ts';
import { type Figures, figuresOf } from './tally.ts';

/** The study's own table, as published: 600 codes, seconds of one picture on 32 CPUs where it is encrypted. */
export const PUBLISHED = [
  { column: 'float', seconds: 0.012, readable: 0.833, difference: 0.096 },
  { column: 'simulated', seconds: 0.011, readable: 0.817, difference: 0.127 },
  { column: 'pruned, simulated', seconds: 0.011, readable: 0.702, difference: 0.221 },
  { column: 'FHE', seconds: 39.5, readable: 0.782, difference: 0.137 },
  { column: 'pruned, FHE', seconds: 38.5, readable: 0.683, difference: 0.26 },
] as const;

/** Which of our rows, run which way, stands beside each of the study's columns. */
export const BESIDE: readonly { readonly id: string; readonly way: 'clear' | 'encrypted' }[] = [
  { id: 'leaky', way: 'clear' },
  { id: '8bit', way: 'clear' },
  { id: 'pruned', way: 'clear' },
  { id: '8bit', way: 'encrypted' },
  { id: 'pruned', way: 'encrypted' },
];

/** Figures of one way of running a network. */
export interface WayReport {
  readonly count: number;
  /** Median and least milliseconds of a run. */
  readonly medianMs: number;
  readonly leastMs: number;
  readonly scores: readonly ({ readonly reading: Reading; readonly treatment: Treatment } & Figures)[];
  /** Exact texts by reader and size, where the network was shown to four readers. */
  readonly readers: readonly { readonly reader: string; readonly exact: Estimate }[];
  /** The table of causes, where it was made of this network. */
  readonly causes: readonly (Cause & Figures)[];
  readonly sample: RowState['sample'];
  readonly encrypted?: EncryptedFigures | undefined;
}

/** A network of the report. */
export interface RowReport {
  readonly id: string;
  readonly name: string;
  readonly clear?: WayReport | undefined;
  readonly encrypted?: WayReport | undefined;
  /** Why it is not there, or does not run encrypted. */
  readonly missing?: string | undefined;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** What `state` says, in figures. */
export function wayReport({ done, tallies, milliseconds, sample, encrypted }: RowState): WayReport {
  const scores = READINGS.flatMap((reading) =>
    TREATMENTS.map((treatment) => ({
      reading,
      treatment,
      ...figuresOf(tallies[`table: ${scoreName(reading, treatment)}`]),
    })),
  );
  const readers = Object.entries(tallies)
    .filter(([name]) => name.startsWith('readers: '))
    .map(([name, tally]) => ({ reader: name.slice('readers: '.length), exact: figuresOf(tally).readExact }));
  const causes = CAUSES.flatMap((cause) => {
    const name = `causes: ${causeName(cause)}`;
    return Object.hasOwn(tallies, name) ? [{ ...cause, ...figuresOf(tallies[name]) }] : [];
  });
  return {
    count: done,
    medianMs: median(milliseconds),
    leastMs: Math.min(...milliseconds),
    scores,
    readers,
    causes,
    sample,
    encrypted,
  };
}

/** The whole run. */
export interface StudyReport {
  readonly style: string;
  readonly version: number;
  readonly seed: number;
  readonly count: number;
  readonly encryptedCount: number;
  readonly backend: string;
  readonly published: typeof PUBLISHED;
  readonly rows: readonly RowReport[];
}

/** One row of the report. */
export function rowReport(
  { id, name }: StudyRow,
  clear: RowState | undefined,
  encrypted: RowState | undefined,
  missing?: string,
): RowReport {
  return {
    id,
    name,
    clear: clear && wayReport(clear),
    encrypted: encrypted && wayReport(encrypted),
    missing,
  };
}

/** The score of `way` in `reading` after `treatment`. */
export function scoreIn(way: WayReport, reading: Reading, treatment: Treatment): Figures {
  return way.scores.find((score) => score.reading === reading && score.treatment === treatment)!;
}

// The study's table beside ours, as data: what the command prints and the page draws. Light: types, and the published figures.
import type { Estimate } from './metrics.ts';
import type { Reading } from './readings.ts';
import type { Cause, Treatment } from './score.ts';
import type { EncryptedFigures, RowState } from './study-run.ts';
import type { Figures } from './tally.ts';

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
  /** Least milliseconds of all processors in an encrypted run, both sides; undefined in the clear. */
  readonly leastProcessorMs: number | undefined;
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

/** The score of `way` in `reading` after `treatment`. */
export function scoreIn(way: WayReport, reading: Reading, treatment: Treatment): Figures {
  return way.scores.find((score) => score.reading === reading && score.treatment === treatment)!;
}

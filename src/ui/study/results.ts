// The committed results that the page shows: what `sealed-qr study --json` and `--layers --json` printed, and the training curve.
import type { Estimate } from '../../app/study/metrics.ts';
import type { StudyReport, WayReport } from '../../app/study/study-report.ts';

/** A network that the study could not run, as `--layers --json` has it. */
export interface LayerResult {
  readonly name: string;
  readonly how: string;
  readonly shape?: readonly number[];
  readonly leastMs?: number;
  readonly keyBytes?: number;
  readonly rounds?: number;
  readonly largestError?: number;
  readonly failure?: string;
}

/** A point of the curve over training length, as training/study/curve.ts writes it. */
export interface CurvePoint {
  readonly steps: number;
  readonly epoch: number;
  readonly 'wrapped, study': CurveScore;
  readonly 'clamped, study': CurveScore;
}

/** What is read of a point, and its difference from the reference. */
export interface CurveScore {
  readonly readAny: Estimate;
  readonly difference: Estimate;
}

/** All that the page shows; loaded when it is looked at. */
export interface Results {
  readonly report: StudyReport;
  readonly layers: readonly LayerResult[];
  readonly curve: readonly CurvePoint[];
}

/** Loads the results, which come in files of their own. */
export async function loadResults(): Promise<Results> {
  const [report, layers, curve] = await Promise.all([
    import('./report.json'),
    import('./layers.json'),
    import('./curve.json'),
  ]);
  return {
    report: report.default as unknown as StudyReport,
    layers: layers.default,
    curve: curve.default.points,
  };
}

/** A share in percent with its interval. */
export function percentText({ value, low, high }: Estimate): string {
  const shown = (x: number): string => (100 * x).toFixed(1);
  return `${shown(value)} % (${shown(low)} to ${shown(high)})`;
}

/** A difference with half of its interval. */
export function differenceText({ value, high }: Estimate): string {
  return `${value.toFixed(4)} ± ${(high - value).toFixed(4)}`;
}

/** The networks' ways as rows of a table. */
export function waysOf({ rows }: StudyReport): { readonly name: string; readonly way: WayReport }[] {
  return rows.flatMap(({ name, clear, encrypted }) => [
    ...(clear ? [{ name: `${name}, clear`, way: clear }] : []),
    ...(encrypted ? [{ name: `${name}, encrypted`, way: encrypted }] : []),
  ]);
}

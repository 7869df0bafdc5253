// Figures of the benchmarks in words and columns, for the command line and the page.
import { type Case, WORK_CLOCK } from './measure.ts';
import type { PoolReport } from './pool-bench.ts';
import type { Roofline } from './roofline.ts';

/** Milliseconds with three digits that mean something. */
export function formatMs(ms: number): string {
  if (ms >= 100) return `${Math.round(ms)} ms`;
  // Below, it would round to 1.00e+3 µs.
  if (ms >= 0.9995) return `${ms.toPrecision(3)} ms`;
  return `${(ms * 1000).toPrecision(3)} µs`;
}

/** `12.3×` */
function formatRatio(ratio: number): string {
  return `${ratio.toFixed(ratio < 10 ? 2 : 1)}×`;
}

/** A case as name, N, primes and figures: medians, then the least. */
export function caseColumns(result: Case): string[] {
  return [
    result.name,
    String(result.polyModulusDegree),
    String(result.primes),
    formatMs(result.sealMs),
    formatMs(result.simdMs),
    formatRatio(result.ratio),
    formatMs(result.sealLeastMs),
    formatMs(result.simdLeastMs),
    formatRatio(result.leastRatio),
  ];
}

/** Names of {@link caseColumns}. */
export const CASE_COLUMNS = [
  '',
  'N',
  'primes',
  'node-seal',
  'kernel',
  'ratio',
  'seal least',
  'kernel least',
  'least ratio',
] as const;

/** What the columns are, in a sentence. */
export function caseNote(pairs: number): string {
  const times = WORK_CLOCK === 'cpu' ? 'CPU times of one thread' : 'Wall-clock times';
  return `${times}: medians of ${pairs} pairs, then the least of them.`;
}

/** One line of text a row, the first column to the left, the others to the right. */
export function textRow(columns: readonly string[]): string {
  const [name, ...rest] = columns;
  const widths = CASE_COLUMNS.slice(1).map((heading) => Math.max(9, heading.length + 2));
  return `${name.padEnd(52)}${rest.map((column, index) => column.padStart(widths[index])).join('')}`;
}

/** The roofline in a sentence. */
export function rooflineText({ measuredMacPerSecond, planMacPerSecond, fraction }: Roofline): string {
  const billions = (rate: number): string => (rate / 1e9).toFixed(2);
  return (
    `Best in cache ${billions(measuredMacPerSecond)} billion multiply-accumulates a second; ` +
    `the largest plan, with all its transforms, ${billions(planMacPerSecond)} (${(100 * fraction).toFixed(0)} %).`
  );
}

/** The pool's figures in sentences. */
export function poolText(report: PoolReport): string {
  const { style, version, pairs, exchangedBytes } = report;
  const line = (what: string, one: number, two: number, ratio: number): string =>
    `${what} one worker ${formatMs(one)}, two workers ${formatMs(two)}: ${formatRatio(ratio)}.`;
  return [
    line(
      `${style} version ${version}, wall-clock medians of ${pairs} pairs:`,
      report.oneWorkerMs,
      report.twoWorkersMs,
      report.ratio,
    ),
    line('Least:', report.oneWorkerLeastMs, report.twoWorkersLeastMs, report.leastRatio),
    `The two pass each other ${(exchangedBytes / 1e6).toFixed(1)} MB.`,
  ].join(' ');
}

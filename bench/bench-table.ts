// Figures of the benchmarks in words and columns, for the command line and the page.
import type { Case } from './measure.ts';
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

/** A case as name, N, primes and three figures. */
export function caseColumns({ name, polyModulusDegree, primes, sealMs, simdMs, ratio }: Case): string[] {
  return [
    name,
    String(polyModulusDegree),
    String(primes),
    formatMs(sealMs),
    formatMs(simdMs),
    formatRatio(ratio),
  ];
}

/** Names of {@link caseColumns}. */
export const CASE_COLUMNS = ['', 'N', 'primes', 'node-seal', 'kernel', 'ratio'] as const;

/** One line of text a row, the first column to the left, the others to the right. */
export function textRow(columns: readonly string[]): string {
  const [name, ...rest] = columns;
  return `${name.padEnd(50)}${rest.map((column) => column.padStart(11)).join('')}`;
}

/** The roofline in a sentence. */
export function rooflineText({ measuredMacPerSecond, planMacPerSecond, fraction }: Roofline): string {
  const billions = (rate: number): string => (rate / 1e9).toFixed(2);
  return (
    `Best in cache ${billions(measuredMacPerSecond)} billion multiply-accumulates a second; ` +
    `the largest plan, with all its transforms, ${billions(planMacPerSecond)} (${(100 * fraction).toFixed(0)} %).`
  );
}

/** The pool's figures in two sentences. */
export function poolText(report: PoolReport): string {
  const { style, version, pairs, oneWorkerMs, twoWorkersMs, ratio, exchangedBytes, busyMs } = report;
  return (
    `${style} version ${version}, medians of ${pairs} pairs: one worker ${formatMs(oneWorkerMs)}, ` +
    `two workers ${formatMs(twoWorkersMs)}: ${formatRatio(ratio)}. ` +
    `The two pass each other ${(exchangedBytes / 1e6).toFixed(1)} MB and work ${busyMs.map(formatMs).join(' and ')}.`
  );
}

// The table of engines and checks, in words for people and as a tally.

import type { Tally } from '../../scripts/tally.ts';
import { type Check, CHECKS } from './flows.ts';

/** What became of one check. */
export interface CheckResult {
  readonly outcome: 'passed' | 'failed' | 'not run';
  readonly seconds: number;
  /** Why it failed or was not run. */
  readonly reason?: string;
}

/** One engine's row. */
export interface EngineResult {
  readonly name: string;
  /** As the browser says it; undefined where it did not start. */
  readonly version: string | undefined;
  readonly checks: Readonly<Record<Check, CheckResult>>;
  /** Whether the engine is not installed, and the caller said that this may be. */
  readonly excused: boolean;
}

/** `ok 1.2 s`, `FAILED`, `not run`. */
function cell({ outcome, seconds }: CheckResult): string {
  if (outcome === 'passed') return `ok ${seconds.toFixed(1)} s`;
  return outcome === 'failed' ? 'FAILED' : 'not run';
}

/** The table, then a line for each check that failed. */
export function engineTable(results: readonly EngineResult[]): string {
  const rows = [
    ['', ...CHECKS],
    ...results.map(({ name, version, checks }) => [
      `${name} ${version ?? '(missing)'}`,
      ...CHECKS.map((check) => cell(checks[check])),
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  const reasons = results.flatMap(({ name, checks }) =>
    CHECKS.flatMap((check) =>
      checks[check].outcome === 'failed' ? [`${name}, ${check}: ${checks[check].reason ?? 'no reason'}`] : [],
    ),
  );
  return [...lines, ...(reasons.length > 0 ? ['', ...reasons] : [])].join('\n');
}

/** A check that was not run counts as failed, unless its engine may be missing. */
export function engineTally(results: readonly EngineResult[]): Tally {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for (const { checks, excused } of results) {
    for (const check of CHECKS) {
      if (checks[check].outcome === 'passed') tally.passed += 1;
      else if (excused) tally.skipped += 1;
      else tally.failed += 1;
    }
  }
  return tally;
}

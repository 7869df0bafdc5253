// Counts tests from the reports that Vitest and Playwright write.

import { existsSync, readFileSync } from 'node:fs';

/** How many tests ended how. A runner that failed without a failed test counts as one failure. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The long tests carry the tag `long` and are run by hand; the others are short. */
export type Kind = 'short' | 'long';

interface VitestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly tags: readonly string[] }[];
  }[];
}

/**
 * Reads Vitest's JSON report of the tests of one kind: the report calls the others skipped, and here they do not count.
 * `succeeded` is whether the runner exited with 0.
 * No report, no test at all, or a bad exit that no test explains (a file that does not load) is one failure.
 */
export function tallyVitest(report: string, succeeded: boolean, kind: Kind): Tally {
  const read = readReport(report) as VitestReport | undefined;
  if (!read) return settle(undefined, succeeded);
  const tests = testsOf(read).filter(({ tags }) => tags.includes('long') === (kind === 'long'));
  const count = (status: string): number => tests.filter((test) => test.status === status).length;
  const [passed, failed] = [count('passed'), count('failed')];
  return settle({ passed, failed, skipped: tests.length - passed - failed }, succeeded);
}

/** How many tests Vitest's JSON report leaves to the run of the other kind. */
export function countLong(report: string): number {
  const read = readReport(report) as VitestReport | undefined;
  return read ? testsOf(read).filter(({ tags }) => tags.includes('long')).length : 0;
}

function testsOf({ testResults }: VitestReport): VitestReport['testResults'][number]['assertionResults'] {
  return testResults.flatMap(({ assertionResults }) => assertionResults);
}

/** Reads Playwright's JSON report, under the same rules as {@link tallyVitest}; a flaky test counts as failed. */
export function tallyPlaywright(report: string, succeeded: boolean): Tally {
  const read = readReport(report) as
    { stats: { expected: number; unexpected: number; flaky: number; skipped: number } } | undefined;
  return settle(
    read && {
      passed: read.stats.expected,
      failed: read.stats.unexpected + read.stats.flaky,
      skipped: read.stats.skipped,
    },
    succeeded,
  );
}

/** The parsed report, or undefined when the runner never wrote one. */
function readReport(path: string): unknown {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** Turns silence into a failure: nothing ran, or the runner failed for a reason outside any test. */
function settle(tally: Tally | undefined, succeeded: boolean): Tally {
  const counted = tally ?? { passed: 0, failed: 0, skipped: 0 };
  const unexplained = counted.failed === 0 && (!succeeded || counted.passed === 0);
  return unexplained ? { ...counted, failed: 1 } : counted;
}

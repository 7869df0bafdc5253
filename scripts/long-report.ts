// The outcome of the long tests as a document: what ran, when, on which commit and machine, and how it ended.

import { existsSync, readFileSync } from 'node:fs';
import type { Tally } from './tally.ts';

/** One of the things that the long tests run. */
export interface LongSuite {
  readonly name: string;
  /** How to run it alone. */
  readonly command: string;
  readonly seconds: number;
  readonly tally: Tally;
  /** Every test that failed, by name. */
  readonly failures: readonly string[];
}

/** A run of them all. */
export interface LongRun {
  readonly date: Date;
  /** Hash of the commit; it says so where files differed from it. */
  readonly commit: string;
  /** What it ran on. */
  readonly machine: string;
  readonly suites: readonly LongSuite[];
}

/** All suites' tallies in one. */
export function totalOf(suites: readonly LongSuite[]): Tally {
  const sum = (key: keyof Tally): number => suites.reduce((total, { tally }) => total + tally[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** `5 passed, 0 failed`, and what was skipped. */
export function tallyText({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** The run in Markdown. */
export function longReport({ date, commit, machine, suites }: LongRun): string {
  const rows = suites.map(
    ({ name, command, seconds, tally }) =>
      `| ${name} | \`${command}\` | ${tally.passed} | ${tally.failed} | ${tally.skipped} | ${Math.round(seconds)} s |`,
  );
  const failures = suites.flatMap((suite) => suite.failures.map((test) => `- ${suite.name}: ${test}`));
  return `# The long tests, as last run

Written by \`npm run test:long -- --write\`: the tests that \`npm test\` has no time for.

- Date: ${date.toISOString().slice(0, 10)}
- Commit: ${commit}
- Machine: ${machine}
- Result: **${tallyText(totalOf(suites))}**

| | command | passed | failed | skipped | time |
|---|---|---|---|---|---|
${rows.join('\n')}
${failures.length > 0 ? `\nFailed:\n\n${failures.join('\n')}\n` : ''}`;
}

/** Names of the tests that failed in Vitest's JSON report; none where there is no report. */
export function failuresOfVitest(report: string): string[] {
  if (!existsSync(report)) return [];
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { assertionResults: { fullName: string; status: string }[] }[];
  };
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  );
}

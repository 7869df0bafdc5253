// The totals of `npm test`: silence, crashes and stale reports never pass for success.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { countLong, tallyPlaywright, tallyVitest } from './tally.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealed-qr-tally-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(report: object): string {
  const path = join(folder, 'report.json');
  writeFileSync(path, JSON.stringify(report));
  return path;
}

/** Vitest's report of a run of the short tests, with two skipped, and three long ones that it left out. */
const vitest = (passed: number, failed: number): string => {
  const tests = (count: number, status: string, tags: string[] = []): object[] =>
    Array.from({ length: count }, () => ({ status, tags }));
  const left = [...tests(2, 'skipped'), ...tests(3, 'skipped', ['long'])];
  return written({
    testResults: [
      { assertionResults: tests(passed, 'passed') },
      { assertionResults: [...tests(failed, 'failed'), ...left] },
    ],
  });
};
const playwright = (expected: number, unexpected: number, flaky: number): string =>
  written({ stats: { expected, unexpected, flaky, skipped: 1 } });

describe('tallies', () => {
  it('counts what the reports say', () => {
    expect(tallyVitest(vitest(7, 0), true, 'short')).toEqual({ passed: 7, failed: 0, skipped: 2 });
    expect(tallyVitest(vitest(7, 3), false, 'short')).toEqual({ passed: 7, failed: 3, skipped: 2 });
    expect(tallyVitest(vitest(7, 0), true, 'long')).toEqual({ passed: 0, failed: 1, skipped: 3 });
    expect(countLong(vitest(7, 0))).toBe(3);
    expect(countLong(join(folder, 'none.json'))).toBe(0);
    expect(tallyPlaywright(playwright(5, 1, 1), false)).toEqual({ passed: 5, failed: 2, skipped: 1 });
  });

  it('counts a runner that fails without a failed test as one failure', () => {
    expect(tallyVitest(vitest(7, 0), false, 'short').failed).toBe(1);
    expect(tallyPlaywright(playwright(5, 0, 0), false).failed).toBe(1);
  });

  it('counts zero tests and a missing report as a failure, whatever the exit code', () => {
    expect(tallyVitest(vitest(0, 0), true, 'short').failed).toBe(1);
    expect(tallyPlaywright(playwright(0, 0, 0), true).failed).toBe(1);
    expect(tallyVitest(join(folder, 'none.json'), true, 'short')).toEqual({
      passed: 0,
      failed: 1,
      skipped: 0,
    });
  });
});

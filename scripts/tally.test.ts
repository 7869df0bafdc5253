// The totals of `npm test`: silence, crashes and stale reports never pass for success.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tallyPlaywright, tallyVitest } from './tally.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealed-qr-tally-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(report: object): string {
  const path = join(folder, 'report.json');
  writeFileSync(path, JSON.stringify(report));
  return path;
}

const vitest = (numPassedTests: number, numFailedTests: number): string =>
  written({ numPassedTests, numFailedTests, numPendingTests: 2, numTodoTests: 0 });
const playwright = (expected: number, unexpected: number, flaky: number): string =>
  written({ stats: { expected, unexpected, flaky, skipped: 1 } });

describe('tallies', () => {
  it('counts what the reports say', () => {
    expect(tallyVitest(vitest(7, 0), true)).toEqual({ passed: 7, failed: 0, skipped: 2 });
    expect(tallyVitest(vitest(7, 3), false)).toEqual({ passed: 7, failed: 3, skipped: 2 });
    expect(tallyPlaywright(playwright(5, 1, 1), false)).toEqual({ passed: 5, failed: 2, skipped: 1 });
  });

  it('counts a runner that fails without a failed test as one failure', () => {
    expect(tallyVitest(vitest(7, 0), false).failed).toBe(1);
    expect(tallyPlaywright(playwright(5, 0, 0), false).failed).toBe(1);
  });

  it('counts zero tests and a missing report as a failure, whatever the exit code', () => {
    expect(tallyVitest(vitest(0, 0), true).failed).toBe(1);
    expect(tallyPlaywright(playwright(0, 0, 0), true).failed).toBe(1);
    expect(tallyVitest(join(folder, 'none.json'), true)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

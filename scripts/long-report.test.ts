// The document of the long tests: it says what ran, on what, and does not hide what failed.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { failuresOfVitest, longReport, type LongSuite, totalOf } from './long-report.ts';

const suites: readonly LongSuite[] = [
  {
    name: 'unit tests',
    command: 'npx vitest run --tags-filter long',
    seconds: 61.4,
    tally: { passed: 8, failed: 1, skipped: 2 },
    failures: ['engine decrypts'],
  },
  {
    name: 'damaged models',
    command: 'npx node scripts/mutate-models.ts',
    seconds: 5,
    tally: { passed: 1, failed: 0, skipped: 0 },
    failures: [],
  },
];

it('names date, commit, machine and result, each suite, and every test that failed', () => {
  const text = longReport({
    date: new Date('2026-03-04T23:00:00Z'),
    commit: 'abc123, with changes that were not committed',
    machine: '2 cores (Planted)',
    suites,
  });
  expect(text).toContain('- Date: 2026-03-04\n- Commit: abc123, with changes');
  expect(text).toContain('- Machine: 2 cores (Planted)\n- Result: **9 passed, 1 failed, 2 skipped**');
  expect(text).toContain('| unit tests | `npx vitest run --tags-filter long` | 8 | 1 | 2 | 61 s |');
  expect(text).toContain('Failed:\n\n- unit tests: engine decrypts\n');
  expect(totalOf(suites)).toEqual({ passed: 9, failed: 1, skipped: 2 });
});

it('reads the names of failed tests from Vitest’s report, and none where there is no report', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sealed-qr-long-'));
  const assertionResults = [
    { fullName: 'a', status: 'passed' },
    { fullName: 'b', status: 'failed' },
  ];
  writeFileSync(join(folder, 'report.json'), JSON.stringify({ testResults: [{ assertionResults }] }));
  expect(failuresOfVitest(join(folder, 'report.json'))).toEqual(['b']);
  expect(failuresOfVitest(join(folder, 'none.json'))).toEqual([]);
  rmSync(folder, { recursive: true });
});

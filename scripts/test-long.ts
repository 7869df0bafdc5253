// `npm run test:long [-- --write]`: what `npm test` has no time for; --write keeps the outcome in docs/test-long.md.

import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeCommit, describeMachine } from './describe-run.ts';
import { projectEnvironment, root } from './gates.ts';
import { failuresOfVitest, longReport, type LongSuite, tallyText, totalOf } from './long-report.ts';
import { type Tally, tallyPlaywright, tallyVitest } from './tally.ts';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const document = resolve(root, 'docs/test-long.md');
const unitReport = resolve(root, '.cache/unit-long.json');
const browserReport = resolve(root, '.cache/e2e-long.json');

mkdirSync(resolve(root, '.cache'), { recursive: true });
// A report of an earlier run must not be counted for one that never came to write its own.
for (const report of [unitReport, browserReport]) rmSync(report, { force: true });

const commit = describeCommit('docs/test-long.md');
const suites: LongSuite[] = [
  await run('unit tests', 'vitest run --tags-filter long', {
    more: ['--reporter=default', '--reporter=json', `--outputFile.json=${unitReport}`],
    count: (succeeded) => tallyVitest(unitReport, succeeded, 'long'),
    failures: () => failuresOfVitest(unitReport),
  }),
  await run('browser tests', 'playwright test --project long', {
    environment: { PLAYWRIGHT_JSON_OUTPUT_FILE: browserReport },
    count: (succeeded) => tallyPlaywright(browserReport, succeeded),
  }),
  await run('damaged models', 'node scripts/mutate-models.ts 10000', { count: asOne }),
  await run('damaged frames', 'node scripts/fuzz-server.ts --cases 10000', { count: asOne }),
  await run('determinism', 'node scripts/determinism.ts --allow-missing', { count: asOne }),
  await run('chaos', 'node scripts/chaos/run.ts', { count: asOne }),
  await run('attacks', 'node scripts/attacks/run.ts', { count: asOne }),
];

const total = totalOf(suites);
console.log('');
for (const { name, seconds, tally } of suites) {
  console.log(`${name.padEnd(15)} ${tallyText(tally)}, ${Math.round(seconds)} s`);
}
if (values.write) {
  const text = longReport({ date: new Date(), commit, machine: describeMachine(), suites });
  writeFileSync(document, text);
  console.log('Written to docs/test-long.md.');
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** How to count what a suite did. */
interface Counting {
  /** Arguments beside those that people would give. */
  readonly more?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly count: (succeeded: boolean) => Tally;
  readonly failures?: () => readonly string[];
}

/** Runs one suite to its end, its output shown as it comes. */
async function run(name: string, command: string, counting: Counting): Promise<LongSuite> {
  console.log(`\n${name}: npx ${command}`);
  const [program, ...args] = command.split(' ');
  const started = performance.now();
  const succeeded = await new Promise<boolean>((done) => {
    const child = spawn(program, [...args, ...(counting.more ?? [])], {
      cwd: root,
      env: { ...projectEnvironment(), ...counting.environment },
      stdio: 'inherit',
    });
    child.on('error', (error) => {
      console.error(`${program} did not start: ${error.message}`);
      done(false);
    });
    child.on('close', (code) => done(code === 0));
  });
  const seconds = (performance.now() - started) / 1000;
  const tally = counting.count(succeeded);
  return { name, command: `npx ${command}`, seconds, tally, failures: counting.failures?.() ?? [] };
}

/** A campaign is one test: its exit code says how it ended. */
function asOne(succeeded: boolean): Tally {
  return { passed: Number(succeeded), failed: Number(!succeeded), skipped: 0 };
}

// `npm test`: all gates, then the browser; ends with one line "N passed, N failed" over gates and single tests.

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { browserReport, gates, projectEnvironment, root, runGates, unitReport } from './gates.ts';
import { tallyText } from './long-report.ts';
import { countLong, tallyPlaywright, tallyVitest } from './tally.ts';

// A report of an earlier run must not be counted for one that never came to write its own.
for (const report of [unitReport, browserReport]) rmSync(resolve(root, report), { force: true });

const results = await runGates(gates);
const unitGate = results.find((result) => result.name === 'unit tests');
const unit = tallyVitest(resolve(root, unitReport), unitGate?.passed === true, 'short');

const built = results.some((result) => result.name === 'build' && result.passed);
const browserPassed = built && (await runBrowserTests());
const browser = tallyPlaywright(resolve(root, browserReport), browserPassed);

const others = results.filter((result) => result !== unitGate);
const passed = unit.passed + browser.passed + others.filter((result) => result.passed).length;
const failed = unit.failed + browser.failed + others.filter((result) => !result.passed).length;

console.log('');
const long = countLong(resolve(root, unitReport));
console.log(`unit tests     ${tallyText(unit)} (and ${long} long ones: npm run test:long)`);
console.log(`browser tests  ${tallyText(browser)}`);
const broken = others.filter((result) => !result.passed).map((result) => result.name);
console.log(
  `gates          ${others.length - broken.length} of ${others.length}${broken.map((name) => `, not ${name}`).join('')}`,
);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs Playwright on the fresh build, its output shown as it comes. True when it exits with 0. */
function runBrowserTests(): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn('playwright', ['test', '--project', 'chromium'], {
      cwd: root,
      env: projectEnvironment(),
      stdio: 'inherit',
    });
    child.on('error', (error) => {
      console.error(`Playwright did not start: ${error.message}`);
      done(false);
    });
    child.on('close', (code) => done(code === 0));
  });
}

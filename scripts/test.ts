// `npm test`: all gates and the browser beside them; ends with one line "N passed, N failed" over gates and single tests.

import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { browserReport, browserTests, gates, root, runGates, unitReport } from './gates.ts';
import { tallyText } from './long-report.ts';
import { countLong, tallyPlaywright, tallyVitest } from './tally.ts';

// A report of an earlier run must not be counted for one that never came to write its own.
for (const report of [unitReport, browserReport]) rmSync(resolve(root, report), { force: true });

// The browser's tests right behind the build that they look at: they wait a lot, and the other lane has work for two.
const [first, second, ...rest] = gates;
const results = await runGates([first, second, browserTests, ...rest]);
const unitGate = results.find((result) => result.name === 'unit tests');
const unit = tallyVitest(resolve(root, unitReport), unitGate?.passed === true, 'short');
const browserGate = results.find((result) => result.name === browserTests.name);
const browser = tallyPlaywright(resolve(root, browserReport), browserGate?.passed === true);

const others = results.filter((result) => result !== unitGate && result !== browserGate);
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

// `npm run chaos [-- --only kills --count 100 --seed 1 --write]`: kills, stops and tenants by the hundred, and what came of them.
import '../../src/base/dispose-symbols.ts';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeCommit, describeMachine } from '../describe-run.ts';
import { root } from '../gates.ts';
import { type Stop, stopRuns } from './aborts.ts';
import { type Kill, killWorkers } from './kills.ts';
import { chaosReport, type ChaosRun, faultsOf } from './report.ts';
import { shareEvaluator, type TenantsOutcome } from './tenants.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    count: { type: 'string' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
});

const DOCUMENT = 'docs/chaos.md';
const PARTS = { tenants: 200, kills: 100, aborts: 200 } as const;
type Part = keyof typeof PARTS;
if (values.only !== undefined && !Object.hasOwn(PARTS, values.only)) {
  throw new Error(`--only must be one of ${Object.keys(PARTS).join(', ')}.`);
}
/** How often a part is tried; 0 where another one was asked for alone. */
const countOf = (part: Part): number =>
  values.only === undefined || values.only === part ? Number(values.count ?? PARTS[part]) : 0;
const seed = Number(values.seed);

const kills: Kill[] = [];
const stops: Stop[] = [];
let tenants: TenantsOutcome | undefined;
const load = loadavg()[0].toFixed(1);
const made = {
  date: new Date(),
  commit: describeCommit(DOCUMENT),
  machine: `${describeMachine()}, load ${load}`,
  seed,
};
/** What there is so far: a run that is ended early has not been for nothing. */
const keep = (): ChaosRun => {
  const run = { ...made, tenants, kills, stops };
  if (values.write) writeFileSync(resolve(root, DOCUMENT), chaosReport(run));
  return run;
};

const tellKill = (kill: Kill): void => {
  kills.push(kill);
  keep();
  const { victim, afterMs, during, outcome } = kill;
  console.log(
    `killed ${victim.padEnd(10)} after ${afterMs.toFixed(0).padStart(5)} ms, in ${during}: ${outcome}`,
  );
};
const tellStop = (stop: Stop): void => {
  stops.push(stop);
  keep();
  const { stage, delayMs, outcome, nextMs, controlMs } = stop;
  console.log(
    `stopped in ${stage.padEnd(10)} ${outcome} after ${delayMs.toFixed(1).padStart(6)} ms; ` +
      `next run ${nextMs.toFixed(0)} ms, the one after it ${controlMs.toFixed(0)} ms`,
  );
};

const shared = countOf('tenants');
if (shared > 0) tenants = await shareEvaluator(shared, seed);
if (countOf('kills') > 0) await killWorkers(countOf('kills'), seed, tellKill);
if (countOf('aborts') > 0) await stopRuns(countOf('aborts'), seed, tellStop);
const run = keep();
console.log(`\n${chaosReport(run)}`);
process.exitCode = faultsOf(run).length === 0 ? 0 : 1;

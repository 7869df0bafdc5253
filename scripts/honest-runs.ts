// `npm run honest [-- --runs 1000 --minutes 60 --seed 1 --write]`: honest pictures against their bounds; --write keeps it.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeWorkers } from '../workers/platform/node.ts';
import { type HonestTally, honestReport, runHonestly } from './honest-tally.ts';
import { root } from './gates.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
});
const started = performance.now();
const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
// Of what runs: it is loaded by now.
const commit = git('rev-parse', '--short', 'HEAD');
const isClean = git('status', '--porcelain', '--untracked-files=no') === '';
const tally: HonestTally = await runHonestly({
  workers: nodeWorkers(1),
  runs: Number(values.runs),
  seed: Number(values.seed),
  mayGoOn: () => performance.now() - started < Number(values.minutes) * 60e3,
  onRun: (done) => {
    if (done % 50 === 0) console.log(`${done} runs, ${Math.round((performance.now() - started) / 1000)} s`);
  },
});
const report = honestReport(tally, {
  date: new Date().toISOString().slice(0, 10),
  commit: commit + (isClean ? '' : ' and changes'),
  machine: `${cpus()[0].model.trim()}, Node ${process.versions.node}`,
});
console.log(report);
if (values.write) writeFileSync(resolve(root, 'docs/honest-runs.md'), report);
process.exitCode = tally.refused.length === 0 && tally.beyondHalf === 0 ? 0 : 1;

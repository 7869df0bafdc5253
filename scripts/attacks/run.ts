// `npm run attacks [-- --part keys|answers --target product --mutations 1000 --seed 1]`: every attack, and
// whether it ended as it must.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { loadScanners } from '../../src/qr/scan.ts';
import { scannerFiles } from '../../workers/platform/node-client.ts';
import { attackAnswers } from './answer-outcomes.ts';
import { ALL_KEY_ATTACKS, attackKeys, TARGETS } from './key-outcomes.ts';
import { type Outcome, print } from './outcomes.ts';
import { attackPassively } from './passive-outcomes.ts';

const PARTS = ['keys', 'answers'] as const;

const { values } = parseArgs({
  options: {
    part: { type: 'string' },
    target: { type: 'string' },
    mutations: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});

const outcomes: Outcome[] = [];
const tell = (outcome: Outcome): void => {
  outcomes.push(outcome);
  print(outcome);
};

if (values.part === undefined) {
  // Each half keeps one core busy: both at once, and what they say one after the other.
  const started = performance.now();
  const succeeded = await Promise.all(PARTS.map(runPart));
  console.log(`\n${Math.round((performance.now() - started) / 1000)} s`);
  process.exitCode = succeeded.every(Boolean) ? 0 : 1;
} else {
  if (values.part === 'keys') await attackAllKeys();
  else await attackAllAnswers();
  const wrong = outcomes.filter(({ isRight }) => isRight === false).length;
  const right = outcomes.filter(({ isRight }) => isRight === true).length;
  console.log(`${values.part}: ${right} as they must be, ${wrong} not`);
  process.exitCode = wrong === 0 ? 0 : 1;
}

async function attackAllKeys(): Promise<void> {
  const scanners = await loadScanners(scannerFiles());
  for (const target of TARGETS) {
    if (values.target === undefined || values.target === target) {
      await attackKeys(target, scanners, ALL_KEY_ATTACKS, tell);
    }
  }
  await attackPassively(tell);
  scanners.dispose();
}

async function attackAllAnswers(): Promise<void> {
  const seed = Number(values.seed);
  for (const verified of [true, false]) {
    // Its keys cross as well, but each run takes ten times as long.
    await attackAnswers({ style: 'liquid', verified, mutations: 0, seed }, tell);
    const mutations = Number(values.mutations);
    await attackAnswers({ style: 'gradient', verified, mutations, seed }, tell);
  }
}

/** Runs one part in a process of its own. True when all ended as it must. */
function runPart(part: string): Promise<boolean> {
  return new Promise((resolve) => {
    const args = [import.meta.filename, ...process.argv.slice(2), '--part', part];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => (text += chunk));
    child.on('close', (code) => {
      console.log(`\n${text.trimEnd()}`);
      resolve(code === 0);
    });
  });
}

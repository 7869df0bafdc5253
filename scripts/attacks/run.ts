// `npm run attacks [-- --only keys-product --mutations 1000 --seed 1]`: every attack, and whether it ended as it must.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { loadScanners } from '../../src/qr/scan.ts';
import { scannerFiles } from '../../workers/platform/node-client.ts';
import { attackAnswers } from './answer-outcomes.ts';
import { ALL_KEY_ATTACKS, attackKeys, type Target } from './key-outcomes.ts';
import { type Outcome, print } from './outcomes.ts';
import { attackPassively } from './passive-outcomes.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    mutations: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});

type Tell = (outcome: Outcome) => void;

/** The parts, in the order in which they are told. */
const PARTS: Readonly<Record<string, (tell: Tell) => Promise<void>>> = {
  'keys-old': keysOf('old'),
  'keys-product': keysOf('product'),
  'keys-unsnapped': keysOf('unsnapped'),
  'keys-unverified': keysOf('unverified'),
  passive: attackPassively,
  answers: answersTo(true),
  'answers-unverified': answersTo(false),
};

// Each part keeps one core busy.
const AT_ONCE = 2;

if (values.only === undefined) {
  const started = performance.now();
  const waiting = Object.keys(PARTS).map((name) => ({ name, ...Promise.withResolvers<Ended>() }));
  const next = waiting.values();
  const lane = async (): Promise<void> => {
    for (const { name, resolve } of next) resolve(await runPart(name));
  };
  const lanes = Array.from({ length: AT_ONCE }, lane);
  let failed = 0;
  for (const { promise } of waiting) {
    const { text, succeeded } = await promise;
    console.log(text);
    failed += Number(!succeeded);
  }
  await Promise.all(lanes);
  console.log(`${Math.round((performance.now() - started) / 1000)} s`);
  process.exitCode = failed === 0 ? 0 : 1;
} else {
  const part = PARTS[values.only];
  if (!part) throw new Error(`--only must be one of ${Object.keys(PARTS).join(', ')}.`);
  const outcomes: Outcome[] = [];
  await part((outcome) => {
    outcomes.push(outcome);
    print(outcome);
  });
  const wrong = outcomes.filter(({ isRight }) => isRight === false).length;
  const right = outcomes.filter(({ isRight }) => isRight === true).length;
  console.log(`${values.only}: ${right} as they must be, ${wrong} not`);
  process.exitCode = wrong === 0 ? 0 : 1;
}

function keysOf(target: Target): (tell: Tell) => Promise<void> {
  return async (tell) => {
    const scanners = await loadScanners(scannerFiles());
    await attackKeys(target, scanners, ALL_KEY_ATTACKS, tell);
    scanners.dispose();
  };
}

function answersTo(verified: boolean): (tell: Tell) => Promise<void> {
  return async (tell) => {
    const [seed, mutations] = [Number(values.seed), Number(values.mutations)];
    // Its keys cross as well, but each run takes ten times as long.
    await attackAnswers({ style: 'liquid', verified, mutations: 0, seed }, tell);
    await attackAnswers({ style: 'gradient', verified, mutations, seed }, tell);
  };
}

/** What a part printed, and whether all ended as it must. */
interface Ended {
  readonly text: string;
  readonly succeeded: boolean;
}

/** Runs one part in a process of its own. */
function runPart(name: string): Promise<Ended> {
  return new Promise((resolve) => {
    const args = [import.meta.filename, ...process.argv.slice(2), '--only', name];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => (text += chunk));
    child.on('close', (code) => resolve({ text, succeeded: code === 0 }));
  });
}

// The gates that a change must pass, and how they are run: two at a time, one line of verdict each.

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** The checkout's root, where every gate runs. */
export const root = resolve(import.meta.dirname, '..');

/** Where the unit tests' JSON report is written, below the root. */
export const unitReport = '.cache/unit.json';

/** Where the end-to-end tests' JSON report is written, below the root (see playwright.config.ts). */
export const browserReport = '.cache/e2e.json';

/** One gate: a command of node_modules/.bin with its arguments, perhaps only sensible after another has passed. */
export interface Gate {
  readonly name: string;
  readonly command: readonly [program: string, ...rest: string[]];
  readonly after?: string;
}

/** What became of a gate. `output` is everything it printed. */
export interface GateResult {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  readonly output: string;
}

/** Every gate but the browser's, the longest first; what others wait for comes soon. */
export const gates: readonly Gate[] = [
  {
    name: 'unit tests',
    command: [
      'vitest',
      ...['run', '--tags-filter', '!long', '--reporter=default', '--reporter=json'],
      `--outputFile.json=${unitReport}`,
    ],
  },
  { name: 'build', command: ['vite', 'build', '--logLevel', 'warn'] },
  { name: 'package', command: ['node', 'scripts/test-package.ts'] },
  { name: 'lint', command: ['eslint', '.', '--max-warnings', '0'] },
  { name: 'Svelte types', command: ['svelte-check', '--tsconfig', 'tsconfig.json', '--fail-on-warnings'] },
  { name: 'types', command: ['tsc'] },
  {
    name: 'import rules',
    command: ['depcruise', '.', '--output-type', 'err-long'],
  },
  { name: 'dead code', command: ['knip'] },
  {
    name: 'code for tests alone',
    command: [
      'knip',
      '--production',
      ...['--config', 'knip.production.json', '--include', 'files,exports,types'],
    ],
  },
  { name: 'licences', command: ['node', 'scripts/third-party.ts', '--check'] },
  { name: 'API docs', command: ['typedoc', '--emit', 'none'] },
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  { name: 'bundle sizes', command: ['size-limit'], after: 'build' },
];

/** The browser's: `npm test` runs it beside the others, of which none writes what it reads. */
export const browserTests: Gate = {
  name: 'browser tests',
  command: ['playwright', 'test', '--project', 'chromium'],
  after: 'build',
};

/** The environment in which a bare program name means the project's own, Node 24 included. */
export function projectEnvironment(): NodeJS.ProcessEnv {
  const programs = resolve(root, 'node_modules/.bin');
  return { ...process.env, PATH: `${programs}${delimiter}${process.env['PATH'] ?? ''}` };
}

/** Runs one gate's command to its end. Never rejects: a program that cannot start is a failed gate. */
async function runGate(gate: Gate): Promise<GateResult> {
  const started = performance.now();
  const [program, ...rest] = gate.command;
  const { passed, output } = await new Promise<{ passed: boolean; output: string }>((done) => {
    const child = spawn(program, rest, {
      cwd: root,
      env: { ...projectEnvironment(), NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    const collect = (chunk: Buffer): void => void (printed += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => done({ passed: false, output: error.message }));
    child.on('close', (code) => done({ passed: code === 0, output: printed }));
  });
  return { name: gate.name, passed, seconds: (performance.now() - started) / 1000, output };
}

/**
 * Runs the gates, two at a time, and prints a line for each as it ends; a failed gate's output follows its line.
 * One that comes `after` another starts once that has passed, and fails unrun when that has failed.
 * @param chosen which of them, the ones to begin with first
 * @param run how one is run; tests have a way of their own
 */
export async function runGates(chosen: readonly Gate[], run = runGate): Promise<GateResult[]> {
  mkdirSync(resolve(root, '.cache'), { recursive: true });
  const results: GateResult[] = [];
  const waiting = [...chosen];
  let ended = Promise.withResolvers<void>();
  const finish = (result: GateResult): void => {
    report(result);
    results.push(result);
    ended.resolve();
    ended = Promise.withResolvers();
  };
  const resultOf = (name: string | undefined): GateResult | undefined =>
    results.find((result) => result.name === name);
  const isReady = ({ after }: Gate): boolean => after === undefined || resultOf(after) !== undefined;

  const lane = async (): Promise<void> => {
    while (waiting.length > 0) {
      const at = waiting.findIndex(isReady);
      // What is left waits for what the other lane runs.
      if (at < 0) {
        await ended.promise;
        continue;
      }
      const [gate] = waiting.splice(at, 1);
      const { name, after } = gate;
      if (after === undefined || resultOf(after)?.passed === true) finish(await run(gate));
      else finish({ name, passed: false, seconds: 0, output: `Not run: it needs "${after}".` });
    }
  };
  await Promise.all([lane(), lane()]);
  return results;
}

/** One line of verdict, and everything a failed gate had to say. */
function report(result: GateResult): void {
  const verdict = result.passed ? 'pass' : 'FAIL';
  console.log(`${verdict}  ${result.name.padEnd(13)} ${result.seconds.toFixed(1).padStart(6)} s`);
  if (!result.passed) console.log(result.output.trimEnd().replace(/^/gm, '      '));
}

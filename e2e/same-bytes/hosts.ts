// Where a request is answered: in Node, and in an engine's page. Requests are files below the page's own folder.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'vite';
import type { Made } from '../../fixtures/same-bytes.ts';
import { projectEnvironment, root } from '../../scripts/gates.ts';
import type { Outcome, Question } from './request-file.ts';

/** The page as it is, or with each engine's own sine. */
export type Build = 'same-bytes' | 'same-bytes-rough';

/** Where the page is, below the folder that {@link buildPage} makes. */
export const PAGE = 'e2e/same-bytes/page.html';

/** Runs one of the programs beside this file in the project's Node. @returns what it printed */
async function run(program: string, args: readonly string[], flags: readonly string[] = []): Promise<string> {
  const { stdout } = await promisify(execFile)(
    'node',
    [...flags, resolve(import.meta.dirname, program), ...args],
    { cwd: root, env: projectEnvironment(), maxBuffer: 2 ** 26 },
  );
  return stdout;
}

/** A built page, until it is disposed. */
export interface BuiltPage extends AsyncDisposable {
  readonly folder: string;
}

/** Builds the page into a folder of its own: several may be answering at once. */
export async function buildPage(mode: Build): Promise<BuiltPage> {
  await mkdir(resolve(root, '.cache'), { recursive: true });
  const folder = await mkdtemp(resolve(root, `.cache/${mode}-`));
  await build({ root, mode, logLevel: 'error', build: { outDir: folder } });
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Makes the requests called `names`, such as `ink-2`, and puts them below the page's `folder`. */
export async function recordRequests(folder: string, names: readonly string[]): Promise<void> {
  await run('record.ts', [resolve(folder, 'requests'), ...names]);
}

/** Node's answers. @param isRough with this engine's own sine: the control */
export async function inNode(
  folder: string,
  names: readonly string[],
  counts: readonly number[],
  isRough = false,
): Promise<Made[]> {
  const flags = isRough ? ['--import', resolve(import.meta.dirname, 'rough-node.ts')] : [];
  const printed = await run('node.ts', [resolve(folder, 'requests'), counts.join(), ...names], flags);
  return printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Made);
}

/** Asks the page that is open. Runs in it, and so must name nothing outside itself. */
export function askPage(question: Question): Promise<Outcome> {
  const { sameBytes } = globalThis as unknown as {
    sameBytes: { answerTo(question: Question): Promise<Outcome> };
  };
  return sameBytes.answerTo(question);
}

/** The answers of the page that `ask` leads to. @throws Error in the page's words */
export async function inPage(
  ask: (question: Question) => Promise<Outcome>,
  names: readonly string[],
  counts: readonly number[],
): Promise<Made[]> {
  const answers: Made[] = [];
  for (const name of names) {
    const outcome = await ask({ name, counts });
    if ('failed' in outcome) throw new Error(`${name}: ${outcome.failed}`);
    answers.push(outcome.made);
  }
  return answers;
}

/** The short hash of the commit, with a word where files differ from it. */
export async function commitName(): Promise<string> {
  const git = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('git', args, { cwd: root })).stdout.trim();
  const changed = await git('status', '--porcelain', '--', '.', ':!docs/determinism.md');
  return `${await git('rev-parse', '--short=12', 'HEAD')}${changed === '' ? '' : ', with changes that were not committed'}`;
}

/** This project's version of Node. */
export async function nodeVersion(): Promise<string> {
  const file = await readFile(resolve(root, 'node_modules/node/package.json'), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}

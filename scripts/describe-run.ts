// What a long result was made with: the commit, and the machine.
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { root } from './gates.ts';

/** The commit that is tested, and whether files other than `document` differ from it. */
export function describeCommit(document: string): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const hash = git('rev-parse', '--short=12', 'HEAD');
  return git('status', '--porcelain', '--', '.', `:!${document}`) === ''
    ? hash
    : `${hash}, with changes that were not committed`;
}

/** Cores, memory, and the version of Node. */
export function describeMachine(): string {
  const [{ model }] = cpus();
  return `${cpus().length} cores (${model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
}

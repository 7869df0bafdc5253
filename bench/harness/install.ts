// Makes a checkout of fhe-benchmarking/ml-inference run this project: `node bench/harness/install.ts DIR [relu|square]`.
// Replaces its submission/ and its two build scripts, as the harness asks of every submission.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InstanceFolders, INSTANCES } from './folders.ts';
import { STAGES } from './stages.ts';
import { ACTIVATIONS, buildSubmission } from './submission.ts';

const STAGE = fileURLToPath(new URL('stage.ts', import.meta.url));

/** Text as one word of a shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function program(path: string, lines: readonly string[]): void {
  writeFileSync(path, ['#!/usr/bin/env bash', 'set -euo pipefail', ...lines, ''].join('\n'));
  chmodSync(path, 0o755);
}

/**
 * Writes the stages into `root`, and plans the network for each of `sizes`.
 * @param root the harness' folder
 */
function install(root: string, activation: (typeof ACTIVATIONS)[number], sizes: readonly number[]): void {
  const build = join(root, 'submission', 'build');
  mkdirSync(build, { recursive: true });
  mkdirSync(join(root, 'scripts'), { recursive: true });
  program(join(root, 'scripts', 'get_openfhe.sh'), ['# Sealed QR needs no OpenFHE.']);
  program(join(root, 'scripts', 'build_task.sh'), ['# Planned when it was installed.']);
  for (const stage of STAGES)
    program(join(build, stage), [`exec ${quoted(process.execPath)} ${quoted(STAGE)} ${stage} "\${1:-0}"`]);
  for (const size of sizes) buildSubmission(new InstanceFolders(root, size), activation);
}

const [directory, network = 'relu'] = process.argv.slice(2);
const activation = ACTIVATIONS.find((name) => name === network);
if (directory === undefined || !activation || !existsSync(directory)) {
  process.stderr.write(
    'node bench/harness/install.ts DIR [relu|square], where DIR is a checkout of the harness.\n',
  );
  process.exitCode = 2;
} else {
  install(resolve(directory), activation, INSTANCES.map((_, size) => size).slice(0, 3));
}

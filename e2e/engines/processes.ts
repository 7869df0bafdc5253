// Programs that an engine needs beside it: an invisible screen, and temporary folders that go with it.

import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants as access } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Whether a program of that name is on the path. */
export function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), access.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const running = new Set<ChildProcess>();

// However this process ends, it leaves none of them behind.
process.on('exit', () => {
  for (const { pid } of running) process.kill(-pid!, 'SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}

/** Starts a program in a process group of its own. @throws Error where it cannot be started */
export async function begin(
  program: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'env' | 'stdio'>,
): Promise<ChildProcess> {
  const child = spawn(program, args, { ...options, detached: true });
  await once(child, 'spawn');
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Ends a program with all that it has started, and waits for its end. */
export async function end(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return;
  const ended = once(child, 'exit');
  process.kill(-child.pid!, 'SIGKILL');
  await ended;
}

/** An X server without a screen. */
export interface Screen {
  /** What programs take as DISPLAY. */
  readonly display: string;
  close(): Promise<void>;
}

/** Starts Xvfb on a display number that is free. @throws Error where it does not start */
export async function startScreen(): Promise<Screen> {
  const child = await begin('Xvfb', ['-displayfd', '3', '-screen', '0', '1400x1100x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const number = await new Promise<string>((resolve, reject) => {
    child.stdio[3]!.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    child.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}: ${said.trim()}`)));
  });
  return { display: `:${number}`, close: () => end(child) };
}

/** A home folder of a browser's own, where it saves files and finds nothing of an earlier run. */
export interface Home {
  readonly folder: string;
  /** Where files are saved. */
  readonly saved: string;
  /** The environment in which the browser keeps to this folder. */
  readonly environment: Record<string, string>;
  remove(): Promise<void>;
}

/** Makes one. */
export async function makeHome(): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'sealed-qr-engine-'));
  const [saved, settings] = [join(folder, 'saved'), join(folder, 'config')];
  await mkdir(saved);
  await mkdir(settings);
  // Where WebKitGTK looks for the folder of downloads.
  await writeFile(join(settings, 'user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${saved}"\n`);
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) environment[name] = value;
  environment['HOME'] = folder;
  environment['XDG_CONFIG_HOME'] = settings;
  environment['XDG_DATA_HOME'] = join(folder, 'data');
  environment['XDG_CACHE_HOME'] = join(folder, 'cache');
  return { folder, saved, environment, remove: () => rm(folder, { recursive: true, force: true }) };
}

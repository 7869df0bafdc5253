// The package as somebody has it who installs it: packed, unpacked in an empty folder, its dependencies beside it.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { projectEnvironment, root } from './gates.ts';

/** The manifest of `name` where a package in `from` finds it, and its folder. */
function find(name: string, from: string): { folder: string; dependencies: string[] } {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const found = resolve(folder, 'node_modules', name);
    if (!existsSync(resolve(found, 'package.json'))) continue;
    const manifest = JSON.parse(readFileSync(resolve(found, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    return { folder: found, dependencies: Object.keys(manifest.dependencies ?? {}) };
  }
  throw new Error(`The package needs ${name}, which is not installed here.`);
}

/** Copies `names` and what they depend on, as the project has them: a registry is not asked. */
function copyDependencies(names: readonly string[], to: string): void {
  const copied = new Set<string>();
  const copy = (name: string, from: string): void => {
    const { folder, dependencies } = find(name, from);
    if (copied.has(folder)) return;
    copied.add(folder);
    cpSync(folder, resolve(to, folder.slice(resolve(root, 'node_modules').length + 1)), { recursive: true });
    for (const dependency of dependencies) copy(dependency, folder);
  };
  for (const name of names) copy(name, root);
}

/** Runs a program of the project, or Node, in `cwd`. Rejects with what it printed unless it exits with 0. */
export function runIn(cwd: string, program: string, ...args: string[]): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { cwd, env: { ...projectEnvironment(), NO_COLOR: '1' } });
    let printed = '';
    const collect = (chunk: Buffer): void => void (printed += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', fail);
    child.on('close', (code) => {
      if (code === 0) done(printed);
      else fail(new Error(`${program} ${args.join(' ')} exits with ${code}:\n${printed}`));
    });
  });
}

/**
 * Packs what dist-lib/ holds and installs it in a new folder, with the examples.
 * @returns the folder
 */
export async function installPackage(): Promise<string> {
  const folder = mkdtempSync(resolve(tmpdir(), 'sealed-qr-installed-'));
  const modules = resolve(folder, 'node_modules');
  mkdirSync(resolve(modules, '.bin'), { recursive: true });
  const packed = await runIn(root, 'npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', folder);
  const described = JSON.parse(packed) as { filename: string }[] | Record<string, { filename: string }>;
  const [{ filename }] = Object.values(described);
  await runIn(folder, 'tar', '-xzf', filename);
  const installed = resolve(modules, 'sealed-qr');
  renameSync(resolve(folder, 'package'), installed);
  symlinkSync('../sealed-qr/bin/sealed-qr.js', resolve(modules, '.bin/sealed-qr'));
  const { dependencies } = JSON.parse(readFileSync(resolve(installed, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  copyDependencies(Object.keys(dependencies), modules);
  // What the user of Vite has besides; these are the project's own.
  mkdirSync(resolve(modules, '@sveltejs'), { recursive: true });
  for (const name of ['vite', 'svelte', '@sveltejs/vite-plugin-svelte'])
    symlinkSync(resolve(root, 'node_modules', name), resolve(modules, name));
  cpSync(resolve(root, 'examples'), folder, { recursive: true });
  writeFileSync(resolve(folder, 'package.json'), '{ "type": "module" }\n');
  return folder;
}

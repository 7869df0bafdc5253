// The gates have teeth: violations planted in a copy of the checkout make each of them fail and name the file.

import { spawn } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Gate, gates, projectEnvironment, root } from './gates.ts';

const copied = [
  ...[
    'src',
    'workers',
    'cli',
    'endpoint',
    'bin',
    'scripts',
    'bench',
    'training',
    'e2e',
    'wasm',
    'fixtures',
    'examples',
  ],
  ...[
    'package.json',
    'tsconfig.json',
    'typedoc.json',
    'docs',
    'index.html',
    'knip.json',
    'knip.production.json',
    '.dependency-cruiser.js',
    'eslint.config.js',
  ],
  ...['vite.config.ts', 'vitest.config.ts', 'playwright.config.ts', 'svelte.config.js', '.gitignore'],
];
const checkout = mkdtempSync(join(tmpdir(), 'sealed-qr-gates-'));
/** For the linter alone, which reads every file that the project names: here there are only planted ones. */
const planted = mkdtempSync(join(tmpdir(), 'sealed-qr-planted-'));

/** Runs a gate's own command in a copy. */
function runInCopy(name: Gate['name'], cwd = checkout): Promise<{ code: number | null; output: string }> {
  const gate = gates.find((candidate) => candidate.name === name);
  if (gate === undefined) throw new Error(`There is no gate "${name}".`);
  const [program, ...own] = gate.command;
  return new Promise((done, fail) => {
    const child = spawn(program, own, {
      cwd,
      env: { ...projectEnvironment(), NO_COLOR: '1' },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', fail);
    child.on('close', (code) => done({ code, output }));
  });
}

beforeAll(() => {
  for (const path of copied) {
    // Python caches and training data are large and no business of these gates.
    const filter = (source: string): boolean => !/__pycache__|\.(npz|bin|pt|png|gz)$/.test(source);
    if (existsSync(resolve(root, path)))
      cpSync(resolve(root, path), join(checkout, path), { recursive: true, filter });
  }
  for (const path of [
    ...['package.json', 'tsconfig.json', 'eslint.config.js', 'scripts/lint-rules.js', 'svelte.config.js'],
  ]) {
    cpSync(resolve(root, path), join(planted, path));
  }
  for (const folder of [checkout, planted]) {
    symlinkSync(resolve(root, 'node_modules'), join(folder, 'node_modules'));
  }

  const head = '// Planted by scripts/gates.test.ts.\n';
  const plant = (path: string, text: string, folder = checkout): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), head + text);
  };
  // The server role reaches the client through a room it may import: only the transitive rule can see it.
  plant('src/client/planted-key.ts', 'export const plantedKey = 1;\n');
  plant('src/protocol/planted-detour.ts', "export { plantedKey } from '../client/planted-key.ts';\n");
  plant('src/server/planted-reach.ts', "export { plantedKey } from '../protocol/planted-detour.ts';\n");
  // The client side reaches what is the service's: its compiler, a plan, an importer under the client role.
  plant(
    'src/app/planted-compiler.ts',
    "export { plantedCompiler } from '../compiler/planted-compiler.ts';\n",
  );
  plant('src/compiler/planted-compiler.ts', 'export const plantedCompiler = 1;\n');
  plant('src/face/client-planted.ts', "export { plantedService } from '../../workers/planted-detour.ts';\n");
  plant('workers/planted-detour.ts', "export { plantedService } from './service-planted.ts';\n");
  plant('workers/service-planted.ts', 'export const plantedService = 1;\n');
  plant('src/app/planted-plan.ts', "export type { Partition } from '../plan/partition.ts';\n");
  plant('src/client/planted-import.ts', "export { plantedImport } from '../import/planted-import.ts';\n");
  plant('src/import/planted-import.ts', 'export const plantedImport = 1;\n');
  plant('src/qr/planted-page.ts', "export { planted } from '../ui/planted.ts';\n");
  plant('src/ui/planted.ts', 'export const planted = 1;\n');
  plant('src/compiler/planted-seal.ts', "export { plantedHandle } from '../seal/planted-handle.ts';\n");
  plant('src/seal/planted-handle.ts', 'export const plantedHandle = 1;\n');
  appendFileSync(
    join(checkout, 'src/face/qr.ts'),
    '\n/** Planted: see {@link nothingOfThatName}. */\nexport const planted = 1;\nexport const plantedBare = 2;\n',
  );
  appendFileSync(
    join(checkout, 'src/base/errors.ts'),
    '\n/** Planted. */\nexport const plantedUnused = 1;\n',
  );
  // Used by a test alone, which the search for dead code takes for a use.
  appendFileSync(
    join(checkout, 'src/base/compare.ts'),
    '\n/** Planted. */\nexport const plantedForTests = 1;\n',
  );
  plant(
    'src/base/planted.test.ts',
    "import { plantedForTests } from './compare.ts';\nconsole.log(plantedForTests);\n",
  );
  plant('src/qr/planted-promise.ts', 'export function run(): void {\n  Promise.resolve(1);\n}\n', planted);
  const rough = `
    const { log } = Math;
    export const rough = (x: number): number => log(Math.cos(x)) + x ** 2.4 + x ** 2 + 2 ** 30 + Math['tanh'](x);
    export const named = Math.sqrt(2) + globalThis.Math.exp(1);
  `;
  plant('src/compiler/planted-cosine.ts', rough, planted);
  const hidden = `
    import type { MainModule } from 'node-seal';
    export const reach = (): Promise<unknown> => import(['..', 'client', 'client-keys.ts'].join('/'));
    export const read = (): Promise<unknown> => import('./planted-cosine.ts');
    export const made = (seal: MainModule): unknown => seal['Key' + 'Generator' as 'KeyGenerator'];
    export const listed = (seal: MainModule): unknown[] => Object.values(seal);
    export const recast = (module: MainModule): unknown => (module as unknown as Record<string, unknown>)['Key'];
    export const plain = (seal: MainModule): unknown => new seal.Plaintext();
  `;
  plant('src/server/planted-bypass.ts', hidden, planted);
  const hasty = `
    import { expect, it } from 'vitest';
    it('hurries', async () => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(1).toBe(1);
    }, 60_000);
    expect.poll(() => 1, { timeout: 5000 });
  `;
  plant('src/qr/planted-hurry.test.ts', hasty, planted);
  // AssemblyScript, with a decorator that no parser of TypeScript takes.
  const kernel =
    "import { prime } from './tables';\n\n@inline\nexport function planted(): u32 {\n  return 1;\n}\n";
  plant('wasm/assembly/planted-kernel.ts', kernel, planted);
});
afterAll(() => {
  for (const folder of [checkout, planted]) rmSync(folder, { recursive: true, force: true });
});

describe('planted violations', () => {
  it('fail the import rules, direct and through other rooms', async () => {
    const { code, output } = await runInCopy('import rules');
    expect(code).toBeGreaterThan(0);
    expect(output).toMatch(/src\/protocol imports downward: src\/protocol\/planted-detour\.ts/);
    expect(output).toMatch(/the service cannot reach the secret key: src\/server\/planted-reach\.ts/);
    expect(output).toMatch(/the client side cannot reach the compiler: src\/app\/planted-compiler\.ts/);
    expect(output).toMatch(/the client side starts no service of its own: src\/face\/client-planted\.ts/);
    expect(output).toMatch(/the client side knows no plan: src\/app\/planted-plan\.ts/);
    expect(output).toMatch(/the client role cannot reach the importers: src\/client\/planted-import\.ts/);
    expect(output).toMatch(/nothing leans on the page: src\/qr\/planted-page\.ts/);
    expect(output).toMatch(/the compiler knows no SEAL: src\/compiler\/planted-seal\.ts/);
  });

  it('fail the search for dead code', async () => {
    const { code, output } = await runInCopy('dead code');
    expect(code).toBeGreaterThan(0);
    expect(output).toMatch(/plantedUnused\s.*src\/base\/errors\.ts/);
    expect(output).toMatch(/^src\/server\/planted-reach\.ts/m);
    expect(output).not.toMatch(/plantedForTests/);
  });

  it('fail the search for code that tests alone use', async () => {
    const { code, output } = await runInCopy('code for tests alone');
    expect(code).toBeGreaterThan(0);
    expect(output).toMatch(/plantedForTests\s.*src\/base\/compare\.ts/);
  });

  it('fail the API docs for a link that leads nowhere, and for an export without a word', async () => {
    const { code, output } = await runInCopy('API docs');
    expect(code).toBeGreaterThan(0);
    expect(output).toMatch(/Failed to resolve link to "nothingOfThatName"/);
    expect(output).toMatch(/qr\.plantedBare .*does not have any documentation/);
  });

  it('fail the linter for a promise left alone, rough mathematics, hidden ways to the secret key, and tests that depend on speed', async () => {
    const { code, output } = await runInCopy('lint', planted);
    expect(code).toBeGreaterThan(0);
    expect(output).toMatch(/planted-promise\.ts\n.*no-floating-promises/);
    const linesOf = (file: string): string => new RegExp(`${file}\\n((?: .*\\n)+)`).exec(output)?.[1] ?? '';
    const hurry = /planted-hurry\.test\.ts\n((?: .*\n)+)/.exec(output)![1];
    const rough = linesOf('planted-cosine\\.ts');
    expect(rough).toMatch(/^ +3:.*Math is used by the names.*exact-math/m);
    for (const name of ['cos', 'tanh'])
      expect(rough).toMatch(new RegExp(`^ +4:.*Math\\.${name}: Engines`, 'm'));
    expect(rough.match(/^ +4:.*A power other/gm)).toHaveLength(1);
    expect(rough.match(/^ +5:.*exact-math/gm)).toHaveLength(1);
    const hidden = linesOf('planted-bypass\\.ts');
    expect(hidden.match(/^ +\d+:.*readable-imports/gm)).toEqual([expect.stringMatching(/^ +4:/)]);
    expect(hidden).toMatch(/^ +6:.*by the names of its classes.*named-seal/m);
    expect(hidden).toMatch(/^ +7:.*handed on as itself.*named-seal/m);
    expect(hidden).toMatch(/^ +8:.*handed on as itself.*named-seal/m);
    expect(hidden).not.toMatch(/^ +9:/m);
    expect(hurry).toMatch(/^ +5:.*A pause proves nothing/m);
    expect(hurry).toMatch(/^ +7:.*No outcome depends on speed.*vitest/m);
    expect(hurry).toMatch(/^ +8:.*No outcome depends on speed.*playwright/m);
    expect(linesOf('planted-kernel\\.ts')).toMatch(/^ +2:.*'prime' is defined but never used/m);
  });
});

// Every page and worker begins with the disposal symbols: what is imported before them would not find them.

import { readdirSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './gates.ts';
import { sourceFiles, type SourceFile } from './source-files.ts';

const FIRST = 'src/base/dispose-symbols.ts';
const product = sourceFiles(['src', 'workers', 'bench', 'endpoint']);

/** The scripts that an HTML file of the root loads, as paths from the root. */
function pageEntries(): string[] {
  return readdirSync(root)
    .filter((name) => name.endsWith('.html'))
    .flatMap((name) => [
      ...readFileSync(resolve(root, name), 'utf8').matchAll(/<script[^>]*\ssrc="\/([^"]+)"/g),
    ])
    .map(([, path]) => path);
}

/** The scripts that `new Worker(new URL('…', import.meta.url)` starts in `file`, as paths from the root. */
function workersStarted({ path, text }: SourceFile): string[] {
  return [...text.matchAll(/new\s+(?:Shared)?Worker\(\s*new\s+URL\(\s*'([^']+)'/g)].map(([, url]) =>
    relative(root, resolve(root, path, '..', url)).replaceAll('\\', '/'),
  );
}

/** What `file` imports first, as a path from the root or the name of a package; undefined where it imports nothing. */
function firstImport({ path, text }: SourceFile): string | undefined {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found = /^\s*(?:import|export)\b(?:[^'"();]*\sfrom)?\s*'([^']+)'/m.exec(code)?.[1];
  if (!found?.startsWith('.')) return found;
  return relative(root, resolve(root, path, '..', found)).replaceAll('\\', '/');
}

/** Entries whose first import is another, as `path: what it is`. */
function late(files: readonly SourceFile[], entries: ReadonlySet<string>): string[] {
  return files
    .filter((file) => entries.has(file.path) && firstImport(file) !== FIRST)
    .map((file) => `${file.path}: ${firstImport(file) ?? 'nothing'}`);
}

describe('entries', () => {
  // A file that serves a role is a worker as well, whoever starts it: Node's threads are named by a variable.
  const serving = product.filter(({ path, text }) => path.startsWith('workers/') && /^serve\(/m.test(text));
  const entries = new Set([
    ...pageEntries(),
    ...product.flatMap(workersStarted),
    ...serving.map(({ path }) => path),
  ]);

  it('are all found', () => {
    expect([...entries]).toEqual(
      expect.arrayContaining(['src/ui/studio/main.ts', 'src/ui/lab/main.ts', 'workers/client.ts', 'workers/bfv.ts']),
    );
    expect([...entries].filter((path) => !product.some((file) => file.path === path))).toEqual([]);
  });

  it('import the disposal symbols before anything else', () => {
    expect(late(product, entries)).toEqual([]);
  });

  it('are refused when they import something else first, or nothing', () => {
    const planted = (text: string): string[] =>
      late([{ path: 'workers/planted.ts', text }], new Set(['workers/planted.ts']));
    const good = "import '../src/base/dispose-symbols.ts';\n";
    expect(planted(`// A worker.\n${good}import { x } from 'y';\n`)).toEqual([]);
    expect(planted(`import * as Comlink from 'comlink';\n${good}`)).toEqual(['workers/planted.ts: comlink']);
    expect(planted(`// ${good}/* ${good} */\nimport {\n  a,\n} from './endpoint.ts';\n${good}`)).toEqual([
      'workers/planted.ts: workers/endpoint.ts',
    ]);
    expect(planted(`export { x } from './wire.ts';\n${good}`)).toEqual([
      'workers/planted.ts: workers/wire.ts',
    ]);
    expect(planted('serve(() => ({}));\n')).toEqual(['workers/planted.ts: nothing']);
    expect(
      workersStarted({ path: 'src/ui/a.ts', text: "new Worker(\n new URL('../../workers/b.ts', x))" }),
    ).toEqual(['workers/b.ts']);
  });
});

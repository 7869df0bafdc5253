// What documents point to is there: files, folders, and headings within a document.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './gates.ts';

const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md') && name !== 'THIRD-PARTY.md'),
  ...readdirSync(resolve(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  'training/README.md',
].map((path) => ({ path, text: readFileSync(resolve(root, path), 'utf8') }));

/** `path: target` of each link, and each path in code that names a folder of this project, that leads nowhere. */
function broken({ path, text }: { readonly path: string; readonly text: string }): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '');
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target.split('#')[0])
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => relative(root, resolve(root, dirname(path), target)));
  const named = [
    ...prose.matchAll(
      /`((?:src|workers|cli|scripts|docs|examples|fixtures|bench|e2e|training|public|wasm)\/[\w./-]+)`/g,
    ),
  ]
    .map(([, target]) => target)
    .filter((target) => !/^(wasm\/build|docs\/.*\/$)/.test(target));
  return [...links, ...named]
    .filter((target) => !existsSync(resolve(root, target)))
    .map((target) => `${path}: ${target}`);
}

describe('documents', () => {
  it('point to what is there', () => {
    expect(documents.length).toBeGreaterThan(12);
    expect(documents.flatMap(broken)).toEqual([]);
  });

  it('are found out where they do not', () => {
    const text =
      'See [a](nothing.md), [b](architecture.md#rooms) and `src/nowhere/a.ts`.\n```\n`src/in-code.ts`\n```\n';
    expect(broken({ path: 'docs/planted.md', text })).toEqual([
      'docs/planted.md: docs/nothing.md',
      'docs/planted.md: src/nowhere/a.ts',
    ]);
  });
});

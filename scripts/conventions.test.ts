// The habits that no linter rule covers: an opening comment, a docstring on each export, short workers.

import { describe, expect, it } from 'vitest';
import { sourceFiles } from './source-files.ts';

const own = sourceFiles(['src', 'workers', 'cli', 'endpoint', 'scripts', 'bench', 'training', 'e2e', 'wasm']);

/** `path:line` of each exported declaration that no comment block precedes; overloads share the first one's. */
function undocumented(path: string, text: string): string[] {
  const lines = text.split('\n');
  const declaration =
    /^export (?:default )?(?:async |abstract |declare )*(function|class|interface|type|const) \*?(\w+)/;
  return lines.flatMap((line, index) => {
    const found = declaration.exec(line);
    if (found === null) return [];
    // AssemblyScript's decorators stand between a docstring and its function.
    const before =
      lines
        .slice(0, index)
        .findLast((earlier) => !/^@\w+|^\/\/ @ts-/.test(earlier.trim()))
        ?.trim() ?? '';
    const overload = lines.slice(0, index).some((earlier) => declaration.exec(earlier)?.[2] === found[2]);
    return before.endsWith('*/') || overload ? [] : [`${path}:${index + 1} ${found[2]}`];
  });
}

/** Whether a file begins with a comment, after a shebang line if it has one. */
function opensWithComment(text: string): boolean {
  return /^(#!.*\n)?(\/\/ \S|\/\*\*? \S|<!-- \S)/.test(text);
}

describe('conventions', () => {
  it('every file opens with a line that says what it is for', () => {
    expect(own.filter((file) => !opensWithComment(file.text)).map((file) => file.path)).toEqual([]);
    expect(opensWithComment("import { x } from './x.ts';\n// late")).toBe(false);
  });

  it('every export has a docstring', () => {
    const product = own.filter((file) => /^(src|workers|endpoint|cli|scripts|wasm)\//.test(file.path));
    expect(product.flatMap((file) => undocumented(file.path, file.text))).toEqual([]);
    expect(undocumented('planted.ts', '/** Good. */\nexport const a = 1;\nexport function b() {}')).toEqual([
      'planted.ts:3 b',
    ]);
    const kernel =
      '/** Good. */\n@inline\nexport function a(): void {}\n\n@inline\nexport function b(): void {}';
    expect(undocumented('planted.ts', kernel)).toEqual(['planted.ts:6 b']);
  });

  it('workers stay within forty lines, what all of them share apart', () => {
    const workers = own.filter(
      (file) =>
        file.path.startsWith('workers/') &&
        !/^workers\/(pool|wire|controls|dispatcher|hardening|self-test|platform)/.test(file.path),
    );
    expect(
      workers.filter((file) => file.text.trimEnd().split('\n').length > 40).map((file) => file.path),
    ).toEqual([]);
  });

  it('file names are kebab-case, or PascalCase for components, and name no utils, helpers or manager', () => {
    const good = /^([a-z0-9]+(-[a-z0-9]+)*(\.(svelte|e2e))?\.(ts|js)|[A-Z]\w*\.svelte)$/;
    const names = own
      .map((file) => file.path)
      .filter((path) => {
        const name = path.slice(path.lastIndexOf('/') + 1);
        return !good.test(name) || /\b(utils?|helpers?|manager)\b/i.test(name);
      });
    expect(names).toEqual([]);
  });
});

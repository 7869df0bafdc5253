// A script that is reached by an import, a late import or a worker's address is found; the package's gate leans on it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { reachableScripts } from './reachable-scripts.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealed-qr-reach-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('reachableScripts', () => {
  it('follows imports, late imports and workers, and nothing else', () => {
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
    write('entry.js', "import { a as b } from './a.js';\nexport * from './c.js';\n// './unread.js'\n");
    write('a.js', "const late = () => import('./late.js');");
    write('late.js', 'new Worker(new URL("./compiler-worker.js", import.meta.url), { type: "module" });');
    for (const name of ['c.js', 'compiler-worker.js', 'unread.js']) write(name, '');
    const names = [...reachableScripts(join(folder, 'entry.js'))].map((path) =>
      path.slice(folder.length + 1),
    );
    expect(names.sort()).toEqual(['a.js', 'c.js', 'compiler-worker.js', 'entry.js', 'late.js']);
  });
});

// The header files for static hosts say what the one policy says, and what the built page and its preview say.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './gates.ts';
import { hostingFiles } from './hosting.ts';
import { contentSecurityPolicy, headers } from './policy.ts';

const written = (path: string): string => readFileSync(resolve(root, path), 'utf8');

/** The headers that a file sets, in any of the three languages. */
function headersIn(text: string): Record<string, string> {
  const line = /^\s*(?:add_header )?([A-Z][A-Za-z-]+):? "?([^"\n]+?)"?(?: always;)?$/gm;
  return Object.fromEntries([...text.matchAll(line)].map(([, name, value]) => [name, value]));
}

describe('the header files for static hosts', () => {
  it.each(Object.keys(hostingFiles))('%s is as scripts/hosting.ts writes it', (path) => {
    expect(written(path), 'run: node scripts/hosting.ts').toBe(hostingFiles[path]);
  });

  it.each(Object.keys(hostingFiles))('%s sets every header, and nothing of its own', (path) => {
    expect(headersIn(written(path))).toEqual(headers);
  });

  it.each(Object.keys(hostingFiles))(
    '%s would be found to lack a header, or to have weakened one',
    (path) => {
      const lacking = written(path).replace(/.*Cross-Origin-Opener-Policy.*\n/, '');
      expect(headersIn(lacking)).not.toEqual(headers);
      const weakened = written(path).replace("default-src 'none'", 'default-src *');
      expect(headersIn(weakened)).not.toEqual(headers);
    },
  );
});

describe('the policy', () => {
  it('lets no script be made of text, and nothing be asked of another host', () => {
    const directives = new Map(
      contentSecurityPolicy.split('; ').map((directive) => {
        const [name, ...sources] = directive.split(' ');
        return [name, sources];
      }),
    );
    expect(directives.get('default-src')).toEqual(["'none'"]);
    expect(directives.get('connect-src')).toEqual(["'self'"]);
    expect(directives.get('script-src')).toEqual(["'self'", "'wasm-unsafe-eval'"]);
    expect([...directives.values()].flat()).not.toContain("'unsafe-inline'");
    expect(directives.get('require-trusted-types-for')).toEqual(["'script'"]);
    expect(directives.get('trusted-types')).toEqual(['sealed-qr', 'svelte-trusted-html']);
    directives.delete('require-trusted-types-for');
    directives.delete('trusted-types');
    for (const sources of directives.values()) {
      for (const source of sources)
        expect(source).toMatch(/^('none'|'self'|'wasm-unsafe-eval'|blob:|data:)$/);
    }
  });
});

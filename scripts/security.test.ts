// SECURITY.md names what shows each claim: those scripts and tests are there.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './gates.ts';
import { maxLogQP } from '../src/params/security.ts';

const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const text = readFileSync(resolve(root, 'SECURITY.md'), 'utf8');

/** Names in `document` of files and of npm's scripts that are not there. */
function missing(document: string): string[] {
  const quoted = [...document.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  return quoted.filter((name) => {
    const script = /^npm run ([\w:]+)$/.exec(name)?.[1];
    if (script !== undefined) return !Object.hasOwn(scripts, script);
    return /^[.\w-]+(\/[\w.-]+)+$|^\.[\w.-]+$/.test(name) && !existsSync(resolve(root, name));
  });
}

describe('SECURITY.md', () => {
  it('names scripts and tests that are there', () => {
    expect(text.match(/`[^`]+`/g)!.length).toBeGreaterThan(25);
    expect(missing(text)).toEqual([]);
    expect(missing('See `src/nowhere.test.ts`, `npm run nothing` and `prepare.constructor`.')).toEqual([
      'src/nowhere.test.ts',
      'npm run nothing',
    ]);
  });

  it('shows the table that parameters are checked by', () => {
    const rows = (name: string): number[] =>
      text
        .split('\n')
        .find((line) => line.startsWith(`| ${name} |`))!
        .match(/\d+/g)!
        .map(Number);
    expect(rows('allowed here')).toEqual(rows('N').map((degree) => maxLogQP(degree)));
  });
});

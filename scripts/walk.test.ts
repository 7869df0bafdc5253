// The walks of docs/tutorial do what they say: every command is run, and what it prints is compared.
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './gates.ts';
import { clearWalkFiles, missingLine, rewritten, runStep, sameLine, stepsOf } from './walk.ts';

const folder = resolve(root, 'docs/tutorial');
const walks = readdirSync(folder).filter((name) => name.endsWith('.md'));

beforeAll(clearWalkFiles);
afterAll(clearWalkFiles);

describe('walks', () => {
  it('are the two', () => {
    expect(walks.sort()).toEqual(['encrypted-network.md', 'styled-code.md']);
  });

  it.each(walks)('%s prints what it says', async (name) => {
    const steps = stepsOf(readFileSync(resolve(folder, name), 'utf8'));
    expect(steps.length).toBeGreaterThan(3);
    for (const step of steps) {
      const output = await runStep(step);
      if (output === undefined) continue;
      expect(step.printed.length, step.command).toBeGreaterThan(0);
      expect(missingLine(step.printed, output), `${step.command}\n${output}`).toBeUndefined();
    }
  });
});

describe('the comparison', () => {
  it('lets times, errors and the last digits differ, and nothing else', () => {
    expect(sameLine('total  12 ms', 'total     9876 ms')).toBe(true);
    expect(sameLine('error 1.1e-3', 'error 2.4e-3')).toBe(true);
    expect(sameLine('error 1.1e-3', 'error 2.4e-5')).toBe(false);
    expect(sameLine('0.003 -0.136', '0.004 -0.136')).toBe(true);
    expect(sameLine('0.003 -0.136', '0.003 0.136')).toBe(false);
    expect(sameLine('level 2, 262268 bytes', 'level 2, 262290 bytes')).toBe(true);
    expect(sameLine('level 2', 'level 3')).toBe(false);
    expect(sameLine('keys 49.5 MB', 'keys 4.95 MB')).toBe(false);
    expect(sameLine('read yes', 'read no')).toBe(false);
  });

  it('finds the line that is missing, and lines out of order', () => {
    expect(missingLine(['a 1', 'b 2'], 'a 1\nx\nb 2\n')).toBeUndefined();
    expect(missingLine(['b 2', 'a 1'], 'a 1\nb 2')).toBe('a 1');
  });

  it('puts what was printed in the place of what was said, and nowhere else', () => {
    const text = '```sh\na\n```\n```text\n1\n```\n```sh\nb\n```\n```text\n1\n```\n';
    expect(rewritten(text, stepsOf(text)[1], '2\n3\n')).toBe(text.replace(/1(?=\n```\n$)/, '2\n3'));
  });

  it('takes each command with what follows it', () => {
    const text = 'x\n```sh\na\n```\n\n```sh\nb | head\n```\nword\n```text\n1\n2\n```\n';
    expect(stepsOf(text)).toEqual([
      { command: 'a', printed: [] },
      { command: 'b | head', printed: ['1', '2'] },
    ]);
  });
});

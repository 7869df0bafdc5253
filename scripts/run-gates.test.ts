// How gates are run: two at a time, what waits for another as soon as that has passed, and never after one that failed.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Gate, type GateResult, runGates } from './gates.ts';

const gate = (name: string, after?: string): Gate => ({ name, command: ['none'], ...(after && { after }) });

let began: string[];
let running: Map<string, (passed: boolean) => void>;
const run = ({ name }: Gate): Promise<GateResult> => {
  began.push(name);
  const { promise, resolve } = Promise.withResolvers<GateResult>();
  running.set(name, (passed) => resolve({ name, passed, seconds: 0, output: '' }));
  return promise;
};
/** Ends the gate `name`, and lets what follows from it begin. */
async function end(name: string, passed = true): Promise<void> {
  running.get(name)!(passed);
  running.delete(name);
  await new Promise((resolve) => setTimeout(resolve, 0));
}

beforeEach(() => {
  [began, running] = [[], new Map()];
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterEach(() => void vi.restoreAllMocks());

describe('runGates', () => {
  it('runs two at a time, and what waits for another as soon as that has passed', async () => {
    const all = runGates([gate('units'), gate('build'), gate('browser', 'build'), gate('lint')], run);
    expect(began).toEqual(['units', 'build']);
    await end('build');
    expect(began).toEqual(['units', 'build', 'browser']);
    await end('units');
    expect(began).toEqual(['units', 'build', 'browser', 'lint']);
    await end('browser', false);
    await end('lint');
    expect((await all).map(({ name, passed }) => [name, passed])).toEqual([
      ['build', true],
      ['units', true],
      ['browser', false],
      ['lint', true],
    ]);
  });

  it('takes something else meanwhile, and waits where there is nothing else', async () => {
    const all = runGates([gate('sizes', 'build'), gate('build'), gate('lint')], run);
    expect(began).toEqual(['build', 'lint']);
    await end('lint');
    expect(began).toEqual(['build', 'lint']);
    await end('build');
    expect(began).toEqual(['build', 'lint', 'sizes']);
    await end('sizes');
    expect(await all).toHaveLength(3);
  });

  it('fails unrun what waits for one that failed', async () => {
    const all = runGates([gate('build'), gate('browser', 'build')], run);
    await end('build', false);
    expect(began).toEqual(['build']);
    expect((await all).at(-1)).toMatchObject({ name: 'browser', passed: false });
  });
});

// How the checks of engines are run and counted: nothing that was not seen to pass counts as passed.

import { describe, expect, it } from 'vitest';
import { type CheckOptions, checkEngine } from '../e2e/engines/check-engine.ts';
import type { Engine, EngineKind } from '../e2e/engines/engine.ts';
import { type Check, CHECKS } from '../e2e/engines/flows.ts';
import { engineTable, engineTally } from '../e2e/engines/table.ts';

const count = CHECKS.length;

/** An engine of which only start and end matter. */
function kind(changes: Partial<EngineKind> = {}): EngineKind & { ended: number } {
  const made = {
    name: 'Planted',
    ended: 0,
    missing: () => [],
    start: () => {
      const close = async (): Promise<void> => void (made.ended += 1);
      return Promise.resolve({ version: '1.2', close } as Engine);
    },
    ...changes,
  };
  return made;
}

/** Checks that all pass but those that are named. */
function options(failing: readonly Check[] = [], allowMissing = false): CheckOptions {
  const flow = (check: Check) => async (): Promise<void> => {
    if (failing.includes(check)) throw new Error(`${check} is broken.`);
  };
  return {
    flows: Object.fromEntries(
      CHECKS.map((check) => [check, flow(check)]),
    ) as unknown as CheckOptions['flows'],
    allowMissing,
    say: () => undefined,
    onChecked: () => Promise.resolve(),
  };
}

describe('checks of an engine', () => {
  it('pass one by one, and the engine is ended', async () => {
    const planted = kind();
    const result = await checkEngine(planted, '', options());
    expect(engineTally([result])).toEqual({ passed: count, failed: 0, skipped: 0 });
    expect(engineTable([result])).toMatch(/^ +ready +first code.*\nPlanted 1\.2 +ok \d/);
    expect(planted.ended).toBe(1);
  });

  it('fail with those that rest on them, unrun, and the reason is told', async () => {
    const planted = kind();
    const result = await checkEngine(planted, '', options(['second code']));
    expect(engineTally([result])).toEqual({ passed: count - 5, failed: 5, skipped: 0 });
    const table = engineTable([result]);
    expect(table).toContain('Planted, second code: second code is broken.');
    expect(table).toContain('Planted, PNG: not run: it needs "second code"');
    expect(planted.ended).toBe(1);
  });

  it('fail where the engine is missing, with the command that mends it, unless that is allowed', async () => {
    const missing = kind({ missing: () => ['firefox-esr', 'xvfb'] });
    const refused = await checkEngine(missing, '', options());
    expect(engineTally([refused])).toEqual({ passed: 0, failed: count, skipped: 0 });
    expect(engineTable([refused])).toContain('apt-get install firefox-esr xvfb');
    const excused = await checkEngine(missing, '', options([], true));
    expect(engineTally([excused])).toEqual({ passed: 0, failed: 0, skipped: count });
    expect(engineTable([excused])).toMatch(/Planted \(missing\) +not run/);
  });

  it('fail where the engine does not start, allowed to be missing or not', async () => {
    const broken = kind({ start: () => Promise.reject(new Error('no screen')) });
    const result = await checkEngine(broken, '', options([], true));
    expect(engineTally([result])).toEqual({ passed: 0, failed: count, skipped: 0 });
    expect(engineTable([result])).toContain('no screen');
  });
});

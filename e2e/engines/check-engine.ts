// Runs the checks in one engine: starts it, does one after the other, ends it, whatever happens.

import type { Engine, EngineKind } from './engine.ts';
import { type Check, CHECKS, NEEDS } from './flows.ts';
import type { CheckResult, EngineResult } from './table.ts';

/** How to check. */
export interface CheckOptions {
  readonly flows: Readonly<Record<Check, (engine: Engine, origin: string) => Promise<void>>>;
  /** Whether the engine may be absent: then nothing is run and nothing failed. */
  readonly allowMissing: boolean;
  /** Hears a line about each thing that was done. */
  readonly say: (line: string) => void;
  /** Called after each check that was run. */
  readonly onChecked: (engine: Engine, check: Check) => Promise<void>;
}

/** What became of all checks in one engine. `origin` is where the built page is served. Never rejects. */
export async function checkEngine(
  kind: EngineKind,
  origin: string,
  options: CheckOptions,
): Promise<EngineResult> {
  const missing = kind.missing();
  const without = (reason: string, excused: boolean): EngineResult => {
    options.say(`${kind.name}: ${reason}`);
    const outcome = excused ? 'not run' : 'failed';
    return { name: kind.name, version: undefined, checks: all({ outcome, seconds: 0, reason }), excused };
  };
  if (missing.length > 0) {
    const reason = `not installed; on Debian: apt-get install ${missing.join(' ')}`;
    return without(reason, options.allowMissing);
  }
  let engine: Engine;
  try {
    engine = await kind.start();
  } catch (error) {
    return without(`it did not start: ${messageOf(error)}`, false);
  }
  const checks = all({ outcome: 'failed', seconds: 0 });
  for (const check of CHECKS) {
    const lacking = NEEDS[check].find((needed) => checks[needed].outcome !== 'passed');
    checks[check] =
      lacking === undefined
        ? await timed(() => options.flows[check](engine, origin))
        : { outcome: 'failed', seconds: 0, reason: `not run: it needs "${lacking}"` };
    const { seconds, reason } = checks[check];
    options.say(`${kind.name}, ${check}: ${reason ?? `ok, ${seconds.toFixed(1)} s`}`);
    if (lacking === undefined) await options.onChecked(engine, check);
  }
  await engine.close().catch((error: unknown) => options.say(`${kind.name}: ${messageOf(error)}`));
  return { name: kind.name, version: engine.version, checks, excused: false };
}

async function timed(flow: () => Promise<void>): Promise<CheckResult> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  try {
    await flow();
    return { outcome: 'passed', seconds: seconds() };
  } catch (error) {
    return { outcome: 'failed', seconds: seconds(), reason: messageOf(error) };
  }
}

function all(result: CheckResult): Record<Check, CheckResult> {
  return Object.fromEntries(CHECKS.map((check) => [check, result])) as Record<Check, CheckResult>;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

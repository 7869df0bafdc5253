// Small samples of `npm run chaos`: tenants that share an evaluator, a kill of each kind of worker, a stop in each stage.
import '../../src/base/dispose-symbols.ts';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../src/app/session/stages.ts';
import { type Stop, stopRuns } from './aborts.ts';
import { type Kill, killWorkers, VICTIMS } from './kills.ts';
import { chaosReport, type ChaosRun, faultsOf } from './report.ts';
import { shareEvaluator } from './tenants.ts';

describe('a sample', () => {
  it('of two tenants’ runs on one evaluator: every answer is right', async () => {
    const tenants = await shareEvaluator(8, 1);
    expect(tenants).toMatchObject({ runs: 8, right: 8, degrees: [8192, 16384] });
    expect(tenants.interleaved).toBeGreaterThan(0);
  });

  it('of kills: each ends right or says what died, and the next run is right', async () => {
    const kills = await killWorkers(VICTIMS.length, 2, () => undefined);
    expect(kills.map(({ victim }) => victim)).toEqual(VICTIMS);
    expect(faultsOf({ ...nothing, kills })).toEqual([]);
  });

  it('of stops: each is heard before its stage ends, and the next run is right', async () => {
    const stops = await stopRuns(STAGES.length, 3, () => undefined);
    for (const { stage, delayMs } of stops) console.info(`stop in ${stage}: ${delayMs.toFixed(1)} ms`);
    expect(faultsOf({ ...nothing, stops })).toEqual([]);
  });
});

const nothing: ChaosRun = {
  date: new Date(0),
  commit: 'abc',
  machine: 'a machine',
  seed: 1,
  tenants: undefined,
  kills: [],
  stops: [],
};

describe('the report', () => {
  const kill: Kill = {
    victim: 'client',
    afterMs: 5,
    during: 'evaluate',
    outcome: 'worker-died client',
    isFair: true,
    nextIsRight: true,
  };
  const stop: Stop = {
    stage: 'keygen',
    delayMs: 2,
    outcome: 'aborted',
    stageEnded: false,
    nextMs: 20,
    controlMs: 10,
    nextIsRight: true,
  };
  const tenants = { runs: 4, right: 4, each: [2, 2], interleaved: 1, degrees: [4096, 8192] };

  it('counts what ended as it must', () => {
    const run = { ...nothing, tenants, kills: [kill], stops: [stop] };
    expect(faultsOf(run)).toEqual([]);
    const text = chaosReport(run);
    expect(text).toContain('**as it must be**');
    expect(text).toContain('| client | 1 | 0 | 1 | 0 | 1 |');
    expect(text).toContain('| keygen | 1 | 0 | 2.0 ms | 2.0 ms |');
    expect(text).toContain('a ratio of 2.00');
  });

  it('names each fault', () => {
    const faults = faultsOf({
      ...nothing,
      tenants: { ...tenants, right: 3 },
      kills: [
        { ...kill, isFair: false, outcome: 'wrong-state' },
        { ...kill, nextIsRight: false },
      ],
      stops: [
        { ...stop, stageEnded: true },
        { ...stop, outcome: 'finished' },
      ],
    });
    expect(faults).toEqual([
      '1 answers were wrong',
      'a killed client (evaluate) ended in: wrong-state',
      'after a killed client (evaluate; worker-died client) the next run failed',
      'a stop in keygen was heard after its end',
      'a stop in keygen ended in: finished',
    ]);
  });
});

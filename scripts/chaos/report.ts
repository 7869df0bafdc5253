// The outcome of a chaos run as a document: who died when, who was stopped where, and what came of it.
import { STAGES } from '../../src/app/session/stages.ts';
import type { Stop } from './aborts.ts';
import { type Kill, VICTIMS } from './kills.ts';
import type { TenantsOutcome } from './tenants.ts';

/** What was tried, on what. */
export interface ChaosRun {
  readonly date: Date;
  /** Hash of the commit; it says so where files differed from it. */
  readonly commit: string;
  /** What it ran on, and how busy that was. */
  readonly machine: string;
  readonly seed: number;
  readonly tenants: TenantsOutcome | undefined;
  readonly kills: readonly Kill[];
  readonly stops: readonly Stop[];
}

/** Everything that is not as it must be, in words. Speed is not among it: it depends on the machine. */
export function faultsOf({ tenants, kills, stops }: ChaosRun): string[] {
  const shared =
    tenants && tenants.right < tenants.runs ? [`${tenants.runs - tenants.right} answers were wrong`] : [];
  const killed = kills
    .filter(({ isFair, nextIsRight }) => !isFair || !nextIsRight)
    .map(({ victim, during, outcome, nextIsRight }) =>
      nextIsRight
        ? `a killed ${victim} (${during}) ended in: ${outcome}`
        : `after a killed ${victim} (${during}; ${outcome}) the next run failed`,
    );
  const stopped = stops
    .filter(({ outcome, stageEnded, nextIsRight }) => outcome !== 'aborted' || stageEnded || !nextIsRight)
    .map(({ stage, outcome, stageEnded }) =>
      stageEnded ? `a stop in ${stage} was heard after its end` : `a stop in ${stage} ended in: ${outcome}`,
    );
  return [...shared, ...killed, ...stopped];
}

/** The middle one of `values`, and the largest. */
function spread(values: readonly number[]): { readonly median: number; readonly most: number } {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? NaN, most: sorted.at(-1) ?? NaN };
}

const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;

function killRows(kills: readonly Kill[]): string[] {
  return VICTIMS.map((victim) => {
    const own = kills.filter((kill) => kill.victim === victim);
    const count = (of: (kill: Kill) => boolean): number => own.filter(of).length;
    const right = count(({ outcome }) => outcome === 'right');
    const named = count(({ outcome, isFair }) => isFair && outcome !== 'right');
    const next = count(({ nextIsRight }) => nextIsRight);
    return `| ${victim} | ${own.length} | ${right} | ${named} | ${own.length - right - named} | ${next} |`;
  });
}

function stopRows(stops: readonly Stop[]): string[] {
  return STAGES.map((stage) => {
    const own = stops.filter((stop) => stop.stage === stage);
    const { median, most } = spread(own.map(({ delayMs }) => delayMs));
    const late = own.filter(({ stageEnded, outcome }) => stageEnded || outcome !== 'aborted').length;
    const delays = own.length === 0 ? '| |' : `${ms(median)} | ${ms(most)} |`;
    return `| ${stage} | ${own.length} | ${late} | ${delays}`;
  });
}

/** When stages of runs were killed, in words. */
function moments(kills: readonly Kill[]): string {
  const counts = Map.groupBy(kills, ({ during }) => during);
  return [...counts].map(([during, those]) => `${those.length} in ${during}`).join(', ');
}

/** The run in Markdown. */
export function chaosReport(run: ChaosRun): string {
  const { date, commit, machine, seed, tenants, kills, stops } = run;
  const faults = faultsOf(run);
  const [next, control] = [stops.map(({ nextMs }) => nextMs), stops.map(({ controlMs }) => controlMs)].map(
    spread,
  );
  const parts = [
    `# When things go wrong, as last run

Written by \`npm run chaos -- --write\`: workers that are killed, runs that are stopped, tenants that share an evaluator.

- Date: ${date.toISOString().slice(0, 10)}
- Commit: ${commit}
- Machine: ${machine}
- Seed: ${seed}
- Result: **${faults.length === 0 ? 'as it must be' : `${faults.length} faults`}**
${faults.map((fault) => `  - ${fault}\n`).join('')}`,
    tenants &&
      `## Two tenants on one evaluator

${tenants.runs} runs of two clients with keys of their own, at N = ${tenants.degrees.join(' and N = ')}: ${tenants.each.join(' and ')} runs, of which
${tenants.interleaved} began while one of the other's was under way. Right answers: ${tenants.right} of ${tenants.runs}.
`,
    kills.length > 0 &&
      `## Kills at random moments

Each thread is ended as the system would end it, at a moment drawn from the length of a run of a network of two segments.
Where an evaluator dies another takes over, and the answer is right; a client has the keys and a service the plans, and the
run says which of them stopped. They fell: ${moments(kills)}.

| killed | times | right answer | error that names it | anything else | next run right |
|---|---|---|---|---|---|
${killRows(kills).join('\n')}
`,
    stops.length > 0 &&
      `## Stops in every stage

Of a styled code's run; stages of no length are stopped as they begin. The delay is from the stop to the run's rejection.

| stage | stops | heard after its end | delay, median | delay, largest |
|---|---|---|---|---|
${stopRows(stops).join('\n')}

The run after a stop took ${ms(next.median)} (median of ${stops.length}), and the run after that one, with no stop before it,
${ms(control.median)}: a ratio of ${(next.median / control.median).toFixed(2)}.
`,
  ];
  return parts.filter((part) => typeof part === 'string').join('\n');
}

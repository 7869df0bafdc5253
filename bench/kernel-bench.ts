// The benchmark of the kernel: node-seal and the kernel in turn in one process, operation by operation and plan by plan.
import type { ModelLoader } from '../src/app/style/reference.ts';
import type { SealModule } from '../src/seal/load.ts';
import { BothSides, PARAMETERS } from './both-sides.ts';
import { type Case, compare, WORK_CLOCK } from './measure.ts';
import { operationCases } from './operation-cases.ts';
import { planCase, type PlanSubject } from './plan-case.ts';
import { bestMacRate, type Roofline, rooflineOf } from './roofline.ts';
import { StylePlans } from './style-plans.ts';
import { transformCase, transformSteps } from './transform-case.ts';

/** What the benchmark runs on. */
export interface BenchEnvironment {
  readonly seal: SealModule;
  /** The compiled kernel. */
  readonly kernel: WebAssembly.Module;
  readonly loadModel: ModelLoader;
}

/** What to run. */
export interface BenchOptions {
  /** Pairs of runs of each case, at least 7 for figures to be quoted. */
  readonly pairs: number;
  readonly parts: readonly BenchPart[];
  /** Called as each case is done. */
  readonly onCase?: (result: Case) => void;
}

/** The parts of the benchmark. */
export const BENCH_PARTS = ['operations', 'transform', 'plans'] as const;

/** One of {@link BENCH_PARTS}. */
export type BenchPart = (typeof BENCH_PARTS)[number];

/** The whole result, as `--json` prints it. */
export interface BenchReport {
  readonly cases: readonly Case[];
  /** Only with the plans: of the largest one. */
  readonly roofline?: Roofline;
  /** What the times are of: this thread's CPU, or the wall clock where the platform does not tell that. */
  readonly clock: typeof WORK_CLOCK;
}

const PLANS: readonly PlanSubject[] = [
  { style: 'gradient', version: 1 },
  { style: 'liquid', version: 2 },
  { style: 'liquid', version: 4 },
  { style: 'liquid', version: 10 },
];

/** Number of cases that `parts` come to. */
export function caseCount(parts: readonly BenchPart[]): number {
  const counts = { operations: 10, transform: 1, plans: 2 * PLANS.length };
  return parts.reduce((sum, part) => sum + counts[part], 0);
}

/** Runs `parts`. Keeps its thread busy for minutes. */
export async function runKernelBench(
  { seal, kernel, loadModel }: BenchEnvironment,
  { pairs, parts, onCase }: BenchOptions,
): Promise<BenchReport> {
  const cases: Case[] = [];
  const done = (result: Case): void => {
    cases.push(result);
    onCase?.(result);
  };
  if (parts.includes('operations') || parts.includes('transform')) {
    using sides = await BothSides.create(seal, kernel, parts.includes('transform') ? transformSteps() : [1]);
    if (parts.includes('operations')) {
      const { comparisons, dispose } = operationCases(sides);
      for (const comparison of comparisons) done(await compare(comparison, pairs));
      dispose();
    }
    if (parts.includes('transform')) done(await transformCase(sides, pairs));
  }
  if (!parts.includes('plans')) return { cases, clock: WORK_CLOCK };

  const plans = new StylePlans(loadModel);
  const measured = await bestMacRate(kernel, PARAMETERS.primes.map(Number));
  let roofline: Roofline | undefined;
  for (const subject of PLANS) {
    const plan = await planCase(seal, kernel, plans, subject, pairs);
    done(plan.run);
    done(plan.encoding);
    roofline = rooflineOf(measured, plan.macs, plan.run.simdLeastMs);
  }
  return { cases, clock: WORK_CLOCK, ...(roofline && { roofline }) };
}

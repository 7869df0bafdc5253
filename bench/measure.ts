// Timing two sides in turn in one process: medians and least times of pairs after warm-up. Runs in Node and in browsers.

/** Times of one side, in milliseconds per unit of work. */
export interface Timing {
  readonly medianMs: number;
  /** The least: what a machine that does nothing else comes closest to. */
  readonly leastMs: number;
}

/** One comparison. Times in milliseconds; `ratio` and `leastRatio` say how many times longer node-seal takes. */
export interface Case {
  readonly name: string;
  readonly polyModulusDegree: number;
  /** Data primes of the operands. */
  readonly primes: number;
  /** Medians. */
  readonly sealMs: number;
  readonly simdMs: number;
  readonly ratio: number;
  readonly sealLeastMs: number;
  readonly simdLeastMs: number;
  readonly leastRatio: number;
}

/** Something to time; asynchronous where it yields now and then. */
export type Task = () => void | Promise<void>;

/** Milliseconds since some moment. */
export type Clock = () => number;

// Long enough for the coarse clocks of browsers.
const LEAST_MS = 8;

/** Which clock {@link workClock} is: the CPU time of this thread where the platform tells it (Node), else wall-clock. */
export const WORK_CLOCK = typeof process === 'undefined' ? 'wall' : 'cpu';

/** For work that stays in this thread: its CPU time does not grow with what else the machine has to do. */
export const workClock: Clock =
  WORK_CLOCK === 'wall'
    ? wallClock
    : () => {
        // Linux counts a thread's time up to the latest tick, some milliseconds ago, unless the whole process is asked first.
        process.cpuUsage();
        const { user, system } = process.threadCpuUsage();
        return (user + system) / 1000;
      };

/** CPU time of this process with all its threads, evaluators among them. Node's alone. */
export function processClock(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** For work that other threads share in. */
export function wallClock(): number {
  return performance.now();
}

/** The middle one of `values`. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Milliseconds per call, over enough calls in a row to be measured. Runs `task` a few times to warm it up. */
async function timerOf(
  task: Task,
  clock: Clock,
  ready: (calls: number) => void,
): Promise<() => Promise<number>> {
  const run = async (calls: number): Promise<number> => {
    ready(calls);
    const begin = clock();
    for (let i = 0; i < calls; i += 1) {
      const pending = task();
      if (pending) await pending;
    }
    return clock() - begin;
  };
  let calls = 1;
  if ((await run(1)) < 100) {
    // Short tasks are compiled again and again before they are as fast as they get.
    await run(4);
    while ((await run(calls)) < LEAST_MS) calls *= 2;
  }
  return async () => (await run(calls)) / calls;
}

/**
 * Times of `first` and `second`, run in turn `pairs` times after warm-up.
 * @param ready makes, outside of the time, what that many calls of `second` will use up
 */
export async function timePair(
  first: Task,
  second: Task,
  pairs: number,
  clock: Clock,
  ready: (calls: number) => void = () => undefined,
): Promise<[Timing, Timing]> {
  const timers = [await timerOf(first, clock, () => undefined), await timerOf(second, clock, ready)];
  for (const timer of timers) await timer();
  const times: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair += 1) {
    times[0].push(await timers[0]());
    times[1].push(await timers[1]());
  }
  const timing = (all: readonly number[]): Timing => ({ medianMs: median(all), leastMs: Math.min(...all) });
  return [timing(times[0]), timing(times[1])];
}

/** What to compare. */
export interface Comparison {
  /** What is measured, in words that say all that the figures include. */
  readonly name: string;
  readonly polyModulusDegree: number;
  readonly primes: number;
  readonly seal: Task;
  readonly simd: Task;
  /** Units that one call makes; times are given per unit. */
  readonly units?: number;
  /** Makes, outside of the time, what that many calls of `simd` will use up. */
  readonly ready?: (calls: number) => void;
}

/** Times a comparison by {@link workClock}. */
export async function compare(comparison: Comparison, pairs: number): Promise<Case> {
  const { name, polyModulusDegree, primes, seal, simd, units = 1, ready } = comparison;
  const [first, second] = await timePair(seal, simd, pairs, workClock, ready);
  return {
    name,
    polyModulusDegree,
    primes,
    sealMs: first.medianMs / units,
    simdMs: second.medianMs / units,
    ratio: first.medianMs / second.medianMs,
    sealLeastMs: first.leastMs / units,
    simdLeastMs: second.leastMs / units,
    leastRatio: first.leastMs / second.leastMs,
  };
}

// Timing two sides in turn in one process: medians of pairs after warm-up. Runs in Node and in browsers.

/** One comparison. Times in milliseconds. */
export interface Case {
  readonly name: string;
  readonly polyModulusDegree: number;
  /** Data primes of the operands. */
  readonly primes: number;
  readonly sealMs: number;
  readonly simdMs: number;
  readonly ratio: number;
}

/** Something to time; asynchronous where it yields now and then. */
export type Task = () => void | Promise<void>;

// Long enough for the coarse clocks of browsers.
const LEAST_MS = 8;

/** The middle one of `values`. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Milliseconds per call, over enough calls in a row to be measured. Runs `task` a few times to warm it up. */
async function timerOf(task: Task): Promise<() => Promise<number>> {
  const first = performance.now();
  await task();
  const cold = performance.now() - first;
  // Short tasks are compiled again and again before they are as fast as they get.
  const warmUps = cold < 100 ? 4 : 0;
  const start = performance.now();
  for (let i = 0; i < warmUps; i += 1) await task();
  const warm = warmUps > 0 ? (performance.now() - start) / warmUps : cold;
  const calls = Math.max(1, Math.ceil(LEAST_MS / Math.max(warm, 1e-4)));
  return async () => {
    const begin = performance.now();
    for (let i = 0; i < calls; i += 1) {
      const pending = task();
      if (pending) await pending;
    }
    return (performance.now() - begin) / calls;
  };
}

/** Median milliseconds of `first` and `second`, run in turn `pairs` times after warm-up. */
export async function medianPair(first: Task, second: Task, pairs: number): Promise<[number, number]> {
  const timers = [await timerOf(first), await timerOf(second)];
  for (const timer of timers) await timer();
  const times: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair += 1) {
    times[0].push(await timers[0]());
    times[1].push(await timers[1]());
  }
  return [median(times[0]), median(times[1])];
}

/** What to compare. */
export interface Comparison {
  readonly name: string;
  readonly polyModulusDegree: number;
  readonly primes: number;
  readonly seal: Task;
  readonly simd: Task;
  /** Units that one call makes; times are given per unit. */
  readonly units?: number;
}

/** Times a comparison. */
export async function compare(comparison: Comparison, pairs: number): Promise<Case> {
  const { name, polyModulusDegree, primes, seal, simd, units = 1 } = comparison;
  const [sealMs, simdMs] = (await medianPair(seal, simd, pairs)).map((ms) => ms / units);
  return { name, polyModulusDegree, primes, sealMs, simdMs, ratio: sealMs / simdMs };
}

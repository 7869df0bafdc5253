// How much faster two server workers are than one: the same plan on both pools, in turn.
import type { ModelLoader } from '../src/app/style/plans.ts';
import { Session } from '../src/app/session/session.ts';
import type { WorkerFactory } from '../src/app/session/workers.ts';
import type { EncryptedInput } from '../src/protocol/contracts.ts';
import { styleById } from '../src/style/styles.ts';
import { median, timePair, wallClock } from './measure.ts';
import { DEFAULT_PIXELS_PER_MODULE } from '../src/style/graph.ts';

/** What to run, and on what. */
export interface PoolOptions {
  readonly workers: WorkerFactory;
  readonly loadModel: ModelLoader;
  readonly style: string;
  readonly version: number;
  readonly pairs: number;
}

/** Wall-clock times of the evaluation with one and with two workers. */
export interface PoolReport {
  readonly style: string;
  readonly version: number;
  readonly pairs: number;
  /** Medians. */
  readonly oneWorkerMs: number;
  readonly twoWorkersMs: number;
  readonly ratio: number;
  readonly oneWorkerLeastMs: number;
  readonly twoWorkersLeastMs: number;
  readonly leastRatio: number;
  /** Bytes that the two workers passed each other in a run. */
  readonly exchangedBytes: number;
  /** Milliseconds that each of the two workers was at work, median. */
  readonly busyMs: readonly number[];
}

/** A session made ready to evaluate one plan again and again. */
interface Pool {
  readonly session: Session;
  readonly evaluate: () => Promise<void>;
  readonly exchangedBytes: () => number;
  readonly busyMs: () => number[];
}

async function poolOf(options: PoolOptions, serverWorkers: number): Promise<Pool> {
  const { workers, loadModel, version } = options;
  const session = new Session({ workers, loadModel, serverWorkers });
  const style = styleById(options.style);
  const modules = 17 + 4 * version;
  const ready = await session.plans.plan(
    style,
    modules,
    style.defaultColours,
    DEFAULT_PIXELS_PER_MODULE,
    'simd',
  );
  await session.givePlan(ready, 'simd');
  await session.prepareKeys(ready.card);
  await session.giveKeys();
  const dark = Float32Array.from({ length: modules * modules }, (_, index) => (index * 7) % 2);
  const { frames }: EncryptedInput = await session.encrypt(ready.card, dark);
  let exchanged = 0;
  const busy: number[][] = Array.from({ length: serverWorkers }, () => []);
  return {
    session,
    evaluate: async () => {
      const { exchangedBytes, busyMs } = await session.evaluate(ready, frames, () => undefined);
      exchanged = exchangedBytes;
      busyMs.forEach((ms, worker) => busy[worker].push(ms));
    },
    exchangedBytes: () => exchanged,
    busyMs: () => busy.map(median),
  };
}

/** Compares a pool of one worker with a pool of two. The sessions' other workers idle meanwhile. */
export async function runPoolBench(options: PoolOptions): Promise<PoolReport> {
  const pools = [await poolOf(options, 1), await poolOf(options, 2)];
  try {
    const { style, version, pairs } = options;
    const [one, two] = await timePair(pools[0].evaluate, pools[1].evaluate, pairs, wallClock);
    return {
      style,
      version,
      pairs,
      oneWorkerMs: one.medianMs,
      twoWorkersMs: two.medianMs,
      ratio: one.medianMs / two.medianMs,
      oneWorkerLeastMs: one.leastMs,
      twoWorkersLeastMs: two.leastMs,
      leastRatio: one.leastMs / two.leastMs,
      exchangedBytes: pools[1].exchangedBytes(),
      busyMs: pools[1].busyMs(),
    };
  } finally {
    for (const { session } of pools) session.close();
  }
}

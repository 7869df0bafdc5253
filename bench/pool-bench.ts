// How much faster two server workers are than one: the same plan on both pools, in turn.
import type { SessionWorkers } from '../src/app/session/workers.ts';
import { styleOptions } from '../src/app/style/style-options.ts';
import { Session } from '../src/app/session/session.ts';
import { styleById } from '../src/style/styles.ts';
import { timePair, wallClock } from './measure.ts';
import { DEFAULT_PIXELS_PER_MODULE } from '../src/style/graph.ts';

/** What to run, and on what. */
export interface PoolOptions {
  /** Workers with a service of so many evaluators. */
  readonly workers: (evaluators: number) => SessionWorkers;
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
}

/** A session made ready to evaluate one plan again and again. */
interface Pool {
  readonly session: Session;
  readonly evaluate: () => Promise<void>;
  readonly exchangedBytes: () => number;
}

async function poolOf(options: PoolOptions, evaluators: number): Promise<Pool> {
  const { workers, version } = options;
  // The same request again and again, which no client sends.
  const gate = () => ({ passKeys: () => Promise.resolve(), passRequest: () => Promise.resolve() });
  const session = new Session({ workers: workers(evaluators), advice: 'Try again.', gate });
  const style = styleById(options.style);
  const modules = 17 + 4 * version;
  const drawing = {
    style,
    colours: style.defaultColours,
    pixelsPerModule: DEFAULT_PIXELS_PER_MODULE,
    backend: 'simd',
  } as const;
  const card = await session.card(style.id, styleOptions(drawing, modules));
  const { keySet } = await session.prepareKeys(card);
  const dark = Float32Array.from({ length: modules * modules }, (_, index) => (index * 7) % 2);
  const { frames } = await session.onClient(keySet, 'encrypt', {}, (client) =>
    client.encrypt(card.hash, dark),
  );
  let exchanged = 0;
  return {
    session,
    evaluate: async () => {
      const answer = await session.evaluate({ card, segment: 0, keySet, run: 'bench', frames }, {});
      exchanged = answer.exchangedBytes;
    },
    exchangedBytes: () => exchanged,
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
    };
  } finally {
    for (const { session } of pools) session.close();
  }
}

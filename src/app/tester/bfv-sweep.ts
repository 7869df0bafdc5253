// Tries PyCrCNN's BFV sets on a network, several at a time, each in a worker thread of its own.
import { asSealedError, throwIfAborted } from '../../base/errors.ts';
import type { Graph } from '../../model/graph.ts';
import { selectLayers } from '../../model/layer-range.ts';
import type { BfvRefusal, BfvResult, BfvSet, BfvTester } from '../../bfv/bfv-test.ts';
import { SET_ADVICE } from './parameter-test.ts';
import { withLimits } from '../../base/controls.ts';
import type { WorkerHandle } from '../../base/worker-handle.ts';

export {
  type BfvLayer,
  type BfvRefusal,
  type BfvResult,
  type BfvTester,
  type NearestSet,
} from '../../bfv/bfv-test.ts';

/** A network, and what to try it on. */
export interface BfvSubject {
  readonly graph: Graph;
  readonly inputs: readonly Float32Array[];
  /** First and last layer; all where absent. */
  readonly layers?: readonly [number, number];
}

/** What to try. */
export interface BfvSweep extends BfvSubject {
  readonly sets: readonly (BfvSet & {
    /** Layers after which the client decrypts and encrypts again. */
    readonly refresh?: readonly number[];
  })[];
  readonly threads: number;
  /** Whether to look for the nearest set that works where one does not. */
  readonly findNearest: boolean;
}

/** Told of each set: how far it is, from 0 to 1, or what came of it. */
export interface BfvProgress {
  readonly onShare?: (index: number, share: number) => void;
  readonly onResult?: (index: number, result: BfvResult | BfvRefusal) => void;
}

/** Generous: a value in each ciphertext and hundreds of squares take minutes. */
const TIMEOUT_MS = 60 * 60_000;

/**
 * The outcome of each set; one that cannot run is an entry, no exception.
 * @param start starts a tester's worker
 * @throws SealedError `aborted`; `invalid-argument` for layers that are not there
 */
export async function sweepBfv(
  start: () => WorkerHandle<BfvTester>,
  { graph, inputs, sets, layers, threads, findNearest }: BfvSweep,
  signal?: AbortSignal,
  { onShare, onResult }: BfvProgress = {},
): Promise<(BfvResult | BfvRefusal)[]> {
  const part = layers ? selectLayers(graph, ...layers) : graph;
  const results: (BfvResult | BfvRefusal)[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < sets.length) {
      const index = next;
      const { refresh = [], ...set } = sets[index];
      next += 1;
      throwIfAborted(signal);
      const test = { set, graph: part, inputs, refresh, findNearest };
      const onProgress = (share: number) => onShare?.(index, share);
      results[index] = await inWorker(start, set.name, signal, ({ role }) =>
        role.test(test, { signal, onProgress }),
      );
      onResult?.(index, results[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, sets.length) }, work));
  return results;
}

/** The network in slots, at the smallest parameters whose error is of use, or why there are none. @throws SealedError `aborted` */
export async function slotsBeside(
  start: () => WorkerHandle<BfvTester>,
  { graph, inputs, layers }: BfvSubject,
  refresh: readonly number[],
  signal?: AbortSignal,
): Promise<BfvResult | BfvRefusal> {
  const part = layers ? selectLayers(graph, ...layers) : graph;
  return inWorker(start, 'slots', signal, ({ role }) =>
    role.slots({ graph: part, inputs, refresh }, { signal }),
  );
}

/** A worker for each set, which is ended after it: SEAL's memory never shrinks, and a call that is stopped stops with it. */
async function inWorker(
  start: () => WorkerHandle<BfvTester>,
  name: string,
  signal: AbortSignal | undefined,
  use: (worker: WorkerHandle<BfvTester>) => Promise<BfvResult | BfvRefusal>,
): Promise<BfvResult | BfvRefusal> {
  const worker = start();
  try {
    const limits = { signal, timeoutMs: TIMEOUT_MS, stage: 'worker', advice: SET_ADVICE } as const;
    return await withLimits(use(worker), limits);
  } catch (error) {
    const { code, message } = asSealedError(error);
    if (code === 'aborted') throw error;
    return { name, scheme: 'bfv', ran: false, code, reason: message };
  } finally {
    worker.terminate();
  }
}

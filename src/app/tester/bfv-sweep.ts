// Tries PyCrCNN's BFV sets on a network, several at a time, each in a worker thread of its own.
import { asSealedError, throwIfAborted } from '../../base/errors.ts';
import type { Graph } from '../../model/graph.ts';
import { selectLayers } from '../../model/layer-range.ts';
import type { BfvRefusal, BfvResult, BfvSet, BfvTester } from '../../bfv/bfv-test.ts';
import { SET_ADVICE } from './parameter-test.ts';
import { withLimits } from '../../base/controls.ts';
import type { WorkerHandle } from '../../base/worker-handle.ts';

export type { BfvRefusal, BfvResult, BfvTester } from '../../bfv/bfv-test.ts';

/** What to try. */
export interface BfvSweep {
  readonly graph: Graph;
  readonly inputs: readonly Float32Array[];
  readonly sets: readonly (BfvSet & {
    /** Layers after which to refresh, which BFV sets do not: such a set is refused. */
    readonly refresh?: readonly number[];
  })[];
  /** First and last layer; all where absent. */
  readonly layers?: readonly [number, number];
  readonly threads: number;
}

/** Generous: layers with hundreds of squares take minutes. */
const TIMEOUT_MS = 30 * 60_000;

/**
 * The outcome of each set; one that cannot run is an entry, no exception.
 * @param start starts a tester's worker
 * @throws SealedError `aborted`; `invalid-argument` for layers that are not there
 */
export async function sweepBfv(
  start: () => WorkerHandle<BfvTester>,
  { graph, inputs, sets, layers, threads }: BfvSweep,
  signal?: AbortSignal,
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
      if (refresh.length > 0) {
        const reason = `BFV sets run in one go, and this one is to be encrypted again after layer ${refresh.join(', ')} ("rencrypt_positions" or "refresh"). Leave that out, or use CKKS ("sets").`;
        results[index] = { name: set.name, scheme: 'bfv', ran: false, code: 'unsupported-layer', reason };
        continue;
      }
      // A thread for each set: SEAL's memory never shrinks.
      const worker = start();
      try {
        const call = worker.role.test({ set, graph: part, inputs });
        const limits = { signal, timeoutMs: TIMEOUT_MS, stage: 'worker', advice: SET_ADVICE } as const;
        results[index] = await withLimits(call, limits);
      } catch (error) {
        const { code, message } = asSealedError(error);
        if (code === 'aborted') throw error;
        results[index] = { name: set.name, scheme: 'bfv', ran: false, code, reason: message };
      } finally {
        worker.terminate();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, sets.length) }, work));
  return results;
}

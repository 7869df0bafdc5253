// Runs a partitioned plan over several evaluators, passing each what others computed for it.
import { defined } from '../base/assert.ts';
import type { Controls } from '../base/controls.ts';
import { throwIfAborted } from '../base/errors.ts';
import type { Partition } from '../plan/partition.ts';
import { kindOf } from '../plan/stages/stages.ts';
import type { EvaluatorRole, SegmentResult } from '../protocol/evaluator.ts';

/** What a run over several evaluators needs. */
export interface DistributedRun {
  readonly runId: number;
  /** The name of each evaluator's part. */
  readonly planIds: readonly string[];
  readonly keySet: string;
  readonly partition: Partition;
  /** One frame for each input ciphertext, in order. */
  readonly inputs: readonly Uint8Array[];
}

/** Encrypted outputs, in order, and the bytes that went between the evaluators. */
export interface DistributedResult {
  readonly outputs: readonly Uint8Array[];
  readonly exchangedBytes: number;
}

/** What the conductor asks of an evaluator. */
export type Player = Pick<EvaluatorRole, 'run' | 'end' | 'progress'>;

// Often enough for a progress bar, rarely enough not to matter.
const PROGRESS_EVERY_MS = 120;

/**
 * Runs `run` on `players`, which hold its plan's parts and keys. `onProgress` is told the share that is done, 0 to 1.
 * @throws SealedError `aborted` when the signal fires, or whatever an evaluator throws; the others are stopped then
 */
export async function runDistributed(
  players: readonly Player[],
  run: DistributedRun,
  { signal, onProgress }: Controls<number> = {},
): Promise<DistributedResult> {
  const { partition, runId } = run;
  const failure = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const ticker = progressTicker(players, run, onProgress);
  try {
    let available = new Map(run.inputs.map((frame, index) => [index, frame] as const));
    let exchangedBytes = 0;
    for (let segment = 0; segment < partition.needs.length; segment += 1) {
      throwIfAborted(signal, 'server');
      ticker.segment = segment;
      const results = await runSegmentOn(players, run, segment, available, stop);
      available = new Map(
        results.flatMap(({ frames }) => frames.map(({ index, frame }) => [index, frame] as const)),
      );
      if (segment < partition.needs.length - 1) {
        for (const frame of available.values()) exchangedBytes += frame.byteLength;
      }
    }
    const count = partition.owners.at(-1)!.length;
    const outputs = Array.from({ length: count }, (_, index) =>
      defined(available.get(index), `output ${index} came`),
    );
    return { outputs, exchangedBytes };
  } catch (error) {
    failure.abort();
    // Values that an evaluator has kept for the next segment are of no use any more.
    await Promise.allSettled(players.map((player) => player.end(runId)));
    throw error;
  } finally {
    ticker.stop();
  }
}

async function runSegmentOn(
  players: readonly Player[],
  { partition, runId, planIds, keySet }: DistributedRun,
  segment: number,
  available: ReadonlyMap<number, Uint8Array>,
  signal: AbortSignal,
): Promise<SegmentResult[]> {
  const owners = partition.owners[segment];
  const neededNext = new Set(partition.needs[segment + 1]?.flat() ?? owners.keys());
  return Promise.all(
    players.map((player, worker) => {
      const wanted = owners.flatMap((owner, value) =>
        owner === worker && neededNext.has(value) ? [value] : [],
      );
      const frames = partition.needs[segment][worker].map((value) =>
        defined(available.get(value), `value ${value} was computed`),
      );
      return player.run({ runId, planId: planIds[worker], keySet, segment, frames, wanted }, { signal });
    }),
  );
}

/** Asks the evaluators how far they are while a segment runs. */
function progressTicker(
  players: readonly Player[],
  { runId, partition }: DistributedRun,
  onProgress: ((share: number) => void) | undefined,
): { segment: number; stop: () => void } {
  const state = { segment: 0, stop: (): void => undefined };
  if (!onProgress) return state;
  const work = segmentShares(partition);
  const timer = setInterval(() => {
    const { segment } = state;
    void Promise.allSettled(players.map((player) => player.progress(runId))).then((answers) => {
      const done = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : 0));
      const mean = done.reduce((sum, share) => sum + share, 0) / done.length;
      if (segment === state.segment) onProgress(work[segment].before + work[segment].share * mean);
    });
  }, PROGRESS_EVERY_MS);
  state.stop = () => {
    clearInterval(timer);
    // Answers still under way come too late.
    state.segment = -1;
  };
  return state;
}

/** Each segment's share of all work, and what comes before it. */
function segmentShares(partition: Partition): { before: number; share: number }[] {
  const terms = partition.needs.map((_, segment) => {
    let count = 0;
    for (const part of partition.parts) {
      for (const stage of part.segments[segment]) {
        const kind = kindOf(stage);
        stage.outputs.forEach((_, index) => (count += kind.work(stage, index)));
      }
    }
    return count;
  });
  const total = terms.reduce((sum, count) => sum + count, 0);
  let before = 0;
  return terms.map((count) => {
    const share = { before: before / total, share: count / total };
    before += count;
    return { before: share.before, share: share.share };
  });
}

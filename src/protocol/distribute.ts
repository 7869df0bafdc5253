// Runs a partitioned plan over several server roles, passing each what others computed for it.
import { defined } from '../base/assert.ts';
import { throwIfAborted } from '../base/errors.ts';
import type { Partition } from '../plan/partition.ts';
import { kindOf } from '../plan/stages/stages.ts';
import type { SegmentResult, ServerRole } from './contracts.ts';

/** What a run over several workers needs. */
export interface DistributedRun {
  readonly runId: number;
  readonly planId: string;
  readonly partition: Partition;
  /** One frame for each input ciphertext, in order. */
  readonly inputs: readonly Uint8Array[];
  readonly signal: AbortSignal | undefined;
  /** Called with the share done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** Encrypted outputs, in order, the bytes that went between the workers, and how long each of them was at work. */
export interface DistributedResult {
  readonly outputs: readonly Uint8Array[];
  readonly exchangedBytes: number;
  readonly busyMs: readonly number[];
}

type ServerCalls = Pick<ServerRole, 'run' | 'end' | 'progress'>;

// Often enough for a progress bar, rarely enough not to matter.
const PROGRESS_EVERY_MS = 120;

/**
 * Runs `run` on `servers`, which hold its plan's parts and keys.
 * @throws SealedError `aborted` when the signal fires, or whatever a server role throws
 */
export async function runDistributed(
  servers: readonly ServerCalls[],
  run: DistributedRun,
): Promise<DistributedResult> {
  const { partition, runId, signal } = run;
  const stop = (): void => void Promise.allSettled(servers.map((server) => server.end(runId)));
  signal?.addEventListener('abort', stop);
  const ticker = progressTicker(servers, run);
  try {
    let available = new Map(run.inputs.map((frame, index) => [index, frame] as const));
    let exchangedBytes = 0;
    const busyMs = servers.map(() => 0);
    for (let segment = 0; segment < partition.needs.length; segment += 1) {
      throwIfAborted(signal, 'server');
      ticker.segment = segment;
      const results = await runSegmentOn(servers, run, segment, available);
      results.forEach((result, worker) => (busyMs[worker] += result.busyMs));
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
    return { outputs, exchangedBytes, busyMs };
  } finally {
    ticker.stop();
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

async function runSegmentOn(
  servers: readonly ServerCalls[],
  { partition, runId, planId }: DistributedRun,
  segment: number,
  available: ReadonlyMap<number, Uint8Array>,
): Promise<SegmentResult[]> {
  const owners = partition.owners[segment];
  const neededNext = new Set(partition.needs[segment + 1]?.flat() ?? owners.keys());
  return Promise.all(
    servers.map((server, worker) => {
      const wanted = owners.flatMap((owner, value) =>
        owner === worker && neededNext.has(value) ? [value] : [],
      );
      const frames = partition.needs[segment][worker].map((value) =>
        defined(available.get(value), `value ${value} was computed`),
      );
      return server.run(runId, planId, segment, frames, wanted);
    }),
  );
}

/** Asks the workers how far they are while `segment` runs. */
function progressTicker(
  servers: readonly ServerCalls[],
  { runId, partition, onProgress }: DistributedRun,
): { segment: number; stop: () => void } {
  const state = { segment: 0, stop: (): void => undefined };
  if (!onProgress) return state;
  const work = segmentShares(partition);
  const timer = setInterval(() => {
    const { segment } = state;
    void Promise.allSettled(servers.map((server) => server.progress(runId))).then((answers) => {
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

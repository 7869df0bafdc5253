// The server's stages: it has the plan, evaluation keys and ciphertexts, and no secret key.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { WorkerHandle } from '../../src/base/worker-handle.ts';
import { partitionPlan } from '../../src/plan/partition.ts';
import { encodePlanPart } from '../../src/plan/plan-codec.ts';
import type { EvaluatorRole } from '../../src/protocol/evaluator.ts';
import { runDistributed } from '../../src/service/conductor.ts';
import { kernelFile } from '../../workers/platform/node-local-service.ts';
import { startThread } from '../../workers/platform/node-thread.ts';
import { connect } from '../../workers/pool.ts';
import { filesIn, type InstanceFolders } from './folders.ts';
import { planOf } from './submission.ts';
import { processClock } from '../measure.ts';

/** What the computation said of itself: the harness times whole programs. */
export interface ComputeReport {
  readonly keysMs: number;
  /** Encoding the weights, which needs no key and would be done once by a server that stays. */
  readonly weightsMs: number;
  /** Of each group of pictures that share their ciphertexts. */
  readonly evaluateMs: readonly number[];
  /** CPU time of all threads for all groups: what a busy machine cannot stretch as far. */
  readonly cpuMs: number;
}

const CONTEXT = 'harness';

/** Evaluators for `inputs` groups: both processors on the same one where there is one alone, a group each otherwise. */
export interface Threads {
  readonly evaluators: number;
  /** How many of them share a group. */
  readonly together: number;
}

/** Computes the answers of an instance. `onGroup` is told of each. */
export async function compute(
  folders: InstanceFolders,
  { evaluators, together }: Threads,
  onGroup: (group: number, ms: number) => void,
): Promise<ComputeReport> {
  const plan = planOf(folders);
  const { parameters } = plan;
  const partition = partitionPlan(plan, together);
  const groups = groupsIn(folders.upload);
  const lanes = Math.max(1, Math.min(groups.length, Math.floor(evaluators / together)));
  for (const path of filesIn(folders.download)) rmSync(path);
  const handles: WorkerHandle<EvaluatorRole>[] = Array.from({ length: lanes * together }, () =>
    connect(startThread('evaluator'), { kernel: kernelFile() }),
  );
  try {
    let started = performance.now();
    const keyFrames = filesIn(folders.publicKeys).map((path) => new Uint8Array(readFileSync(path)));
    const { polyModulusDegree, coeffModulusBits } = parameters;
    await Promise.all(
      handles.map(async ({ role }) => {
        await role.open(CONTEXT, { polyModulusDegree, coeffModulusBits }, 'simd');
        for (const frame of keyFrames) await role.addKeys(CONTEXT, CONTEXT, Uint8Array.from(frame));
      }),
    );
    const keysMs = performance.now() - started;
    started = performance.now();
    const planIds = partition.parts.map((_, part) => `part ${part}`);
    await Promise.all(
      handles.map(({ role }, i) => {
        const part = i % together;
        return role.addPlan(CONTEXT, planIds[part], encodePlanPart(partition.parts[part], parameters));
      }),
    );
    const weightsMs = performance.now() - started;
    const evaluateMs: number[] = [];
    const before = processClock();
    let next = 0;
    const serve = async (lane: number): Promise<void> => {
      const players = handles.slice(lane * together, (lane + 1) * together).map(({ role }) => role);
      while (next < groups.length) {
        const group = next;
        next += 1;
        const inputs = groups[group].map((path) => Uint8Array.from(readFileSync(path)));
        const began = performance.now();
        const run = { runId: group + 1, planIds, keySet: CONTEXT, partition, inputs };
        const { outputs } = await runDistributed(players, run);
        evaluateMs[group] = performance.now() - began;
        onGroup(group, evaluateMs[group]);
        for (const [index, frame] of outputs.entries())
          writeFileSync(join(folders.download, `cipher_result_${group}_${index}.bin`), frame);
      }
    };
    await Promise.all(Array.from({ length: lanes }, (_, lane) => serve(lane)));
    return { keysMs, weightsMs, evaluateMs, cpuMs: processClock() - before };
  } finally {
    for (const handle of handles) handle.terminate();
  }
}

/** The files of a folder by the first number in their names: those of a group of pictures. */
function groupsIn(folder: string): string[][] {
  const byGroup = Map.groupBy(filesIn(folder), (path) => Number(/_(\d+)_/.exec(basename(path))?.[1]));
  return [...byGroup].sort(([a], [b]) => a - b).map(([, paths]) => paths);
}

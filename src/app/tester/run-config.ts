// Runs a parameter file on a network: every set, and beside the BFV ones the same network in slots and in CKKS.
import { asSealedError, throwIfAborted } from '../../base/errors.ts';
import type { WorkerHandle } from '../../base/worker-handle.ts';
import { type Model, samplesOf } from '../network/model-plan.ts';
import { type BackendName, BACKENDS } from '../session/backends.ts';
import { Session } from '../session/session.ts';
import type { SessionWorkers } from '../session/workers.ts';
import { type BfvRefusal, type BfvResult, type BfvTester, slotsBeside, sweepBfv } from './bfv-sweep.ts';
import { invalidConfig } from './config-fields.ts';
import { type LayerSpan, sliceLayers, sliceNote } from './layer-slice.ts';
import {
  type ParameterRefusal,
  type ParameterResult,
  type ParameterTest,
  runSet,
  SET_ADVICE,
  testParameters,
} from './parameter-test.ts';
import { type RefreshRule, refreshedAfter } from './refreshes.ts';
import type { TestConfig } from './test-config.ts';

/** What became of one set. */
export type Outcome = ParameterResult | ParameterRefusal | BfvResult | BfvRefusal;

/** The same network and inputs, packed as this project packs them. */
export interface Beside {
  /** BFV, many values in the slots of a ciphertext, at the smallest parameters whose error is of use. */
  readonly slots: BfvResult | BfvRefusal;
  /** CKKS, at the compiler's own choice of parameters. */
  readonly ckks: ParameterResult | ParameterRefusal;
}

/** What came of a file. */
export interface TestReport {
  /** First and last layer that were run; null for all of them. */
  readonly layers: LayerSpan | null;
  /** Keys of the file that nothing reads, and what was understood otherwise, each in a sentence. */
  readonly notes: readonly string[];
  /** CKKS sets first. */
  readonly results: readonly Outcome[];
  /** Null where the file has no BFV sets. */
  readonly beside: Beside | null;
}

/** Starts what a test needs. */
export interface TesterWorkers {
  readonly session: SessionWorkers;
  readonly bfv: () => WorkerHandle<BfvTester>;
}

/** A network and inputs to test on. */
export interface TestSubject {
  readonly model: Model;
  readonly inputs: readonly Float32Array[];
  /** Sample inputs of the model's owner, which ranges are taken from; none: random values in the file's `inputRange`. */
  readonly samples: readonly Float32Array[];
}

/** How a test is run and watched. */
export interface TestRun {
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of each set's share, from 0 to 1, and of what came of it; indices count CKKS sets first. */
  readonly onShare?: (index: number, share: number) => void;
  readonly onResult?: (index: number, result: Outcome) => void;
}

/**
 * Runs every set of `config`. One that cannot run is an entry, no exception.
 * @throws SealedError `aborted`; `invalid-argument` for layers or positions that are not there
 */
export async function runTestConfig(
  workers: TesterWorkers,
  { model, inputs, samples }: TestSubject,
  config: TestConfig,
  { threads, signal, onShare, onResult }: TestRun,
): Promise<TestReport> {
  const { graph } = model;
  const layers = config.layers && sliceLayers(graph, config.layers);
  const note = config.layers && layers && sliceNote(config.layers, layers);
  const withRefresh = <S extends { readonly refresh: RefreshRule | undefined }>(set: S) => ({
    ...set,
    refresh: refreshedAfter(graph, layers, set.refresh),
  });
  const [ckks, bfv] = [config.ckks.map(withRefresh), config.bfv.map(withRefresh)];
  const range = layers && { layers };
  const test: ParameterTest = {
    model,
    inputs,
    sets: ckks,
    threads,
    layersReport: config.layersReport,
    clientOps: config.clientOps,
    backend: backendOf(config.backend),
    batch: inputs.length,
    calibration: samplesOf(graph, samples),
    inputRange: config.inputRange,
    findNearest: true,
    ...range,
  };
  const results: Outcome[] =
    ckks.length === 0 ? [] : await testParameters(workers.session, test, signal, onResult);
  const subject = { graph, inputs, ...range };
  let beside: Beside | null = null;
  if (bfv.length > 0) {
    const first = ckks.length;
    const sweep = { ...subject, sets: bfv, threads, findNearest: true };
    results.push(
      ...(await sweepBfv(workers.bfv, sweep, signal, {
        onShare: (index, share) => onShare?.(first + index, share),
        onResult: (index, result) => onResult?.(first + index, result),
      })),
    );
    throwIfAborted(signal);
    const { refresh } = bfv[0];
    beside = {
      slots: await slotsBeside(workers.bfv, subject, refresh, signal),
      ckks: await ckksBeside(workers.session, test, refresh, signal),
    };
  }
  const notes = note === undefined ? config.notes : [...config.notes, note];
  return { layers: layers ?? null, notes, results, beside };
}

/** @throws SealedError `invalid-argument` */
function backendOf(name: string | undefined): BackendName {
  const found = BACKENDS.find((backend) => backend === (name ?? 'simd'));
  if (found) return found;
  throw invalidConfig(`"backend" of the configuration must be ${BACKENDS.join(', ')}, not "${name}".`);
}

/** The network in CKKS, as the compiler plans it. @throws SealedError `aborted` */
async function ckksBeside(
  workers: SessionWorkers,
  test: ParameterTest,
  refresh: readonly number[],
  signal: AbortSignal | undefined,
): Promise<ParameterResult | ParameterRefusal> {
  const session = new Session({ workers, advice: SET_ADVICE });
  try {
    return await runSet(session, { ...test, layersReport: false }, 'CKKS', undefined, refresh, signal);
  } catch (error) {
    const { code, message } = asSealedError(error);
    if (code === 'aborted') throw error;
    return { name: 'CKKS', scheme: 'ckks', ran: false, code, reason: message };
  } finally {
    session.close();
  }
}

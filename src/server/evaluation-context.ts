// One parameter set on one backend in an evaluator: its plans, the key sets of its clients, the runs in progress.
import { type Controls, inSlices, yielding } from '../base/controls.ts';
import { SealedError } from '../base/errors.ts';
import { type Parameters, sameParameters } from '../params/parameters.ts';
import { planPartSteps } from '../plan/plan-codec.ts';
import type { IndexedFrame, OperationTimes, SegmentRun } from '../protocol/evaluator.ts';
import type { ResidueEvaluationKeys } from '../params/residues.ts';
import { decodeCiphertexts, encodeFrame, frameSteps } from '../protocol/frame.ts';
import type { Checkpoint, KeyedBackend } from './backend.ts';
import {
  freeValues,
  type PreparedPart,
  preparePart,
  runSegment,
  segmentWork,
  type Values,
} from './interpreter.ts';
import { measureOperations } from './measure.ts';
import type { SegmentInputs } from './segment-inputs.ts';

/** `keys` one at a time: the seed of each is expanded as it is taken in. */
function* oneByOne({ relinearization, rotations }: ResidueEvaluationKeys): Generator<ResidueEvaluationKeys> {
  if (relinearization) yield { relinearization, rotations: new Map() };
  for (const one of rotations) yield { relinearization: undefined, rotations: new Map([one]) };
}

/** One run in progress in this evaluator: of one key set, on one plan. */
class Run<C> {
  readonly keySet: string;
  readonly planId: string;
  readonly #stop = new AbortController();
  #done = 0;
  #total = 1;
  kept: Values<C> = new Map();

  constructor({ keySet, planId }: SegmentRun) {
    this.keySet = keySet;
    this.planId = planId;
  }

  get progress(): number {
    // An evaluator may have no part in a segment: it is done before it begins.
    return this.#total === 0 ? 1 : this.#done / this.#total;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Counts what is done of `total`, and hears both the call's signal and {@link stop}. */
  begin(total: number, signal: AbortSignal | undefined): Checkpoint {
    this.#done = 0;
    this.#total = total;
    const own = this.#stop.signal;
    const pause = yielding(signal ? AbortSignal.any([signal, own]) : own, 'server');
    return (finished) => {
      this.#done += finished;
      return pause();
    };
  }
}

/** Plans, key sets and runs for one parameter set, on one backend. */
export class EvaluationContext<C> {
  readonly parameters: Parameters;
  readonly backend: KeyedBackend<C>;
  readonly #plans = new Map<string, PreparedPart<C>>();
  readonly #tenants = new Map<string, KeyedBackend<C>>();
  readonly #runs = new Map<number, Run<C>>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #arriving = new Set<{ readonly keySet: string; isDropped: boolean }>();

  constructor(parameters: Parameters, backend: KeyedBackend<C>) {
    this.parameters = parameters;
    this.backend = backend;
  }

  /**
   * Adds a frame of evaluation keys to `keySet`, unless that is dropped meanwhile.
   * @throws SealedError `malformed-frame`
   */
  async addKeys(keySet: string, frame: Uint8Array): Promise<void> {
    const arrival = { keySet, isDropped: false };
    this.#arriving.add(arrival);
    try {
      const pause = yielding(undefined, 'server');
      const decoded = await inSlices(frameSteps(frame, this.parameters), pause);
      if (decoded.kind !== 'evaluation-keys') {
        throw new SealedError('malformed-frame', 'Evaluation keys were expected.', { stage: 'server' });
      }
      for (const keys of oneByOne(decoded.keys)) {
        if (arrival.isDropped) return;
        let tenant = this.#tenants.get(keySet);
        if (!tenant) {
          tenant = this.backend.tenant();
          this.#tenants.set(keySet, tenant);
        }
        tenant.addKeys(keys);
        await pause();
      }
    } finally {
      this.#arriving.delete(arrival);
    }
  }

  /** Forgets a key set and ends its runs. */
  dropKeys(keySet: string): void {
    for (const [runId, run] of this.#runs) if (run.keySet === keySet) this.end(runId);
    // Keys that are being read must not make a set anew that lacks those before them.
    for (const arrival of this.#arriving) if (arrival.keySet === keySet) arrival.isDropped = true;
    this.#tenants.get(keySet)?.[Symbol.dispose]();
    this.#tenants.delete(keySet);
  }

  /** Decodes, verifies and prepares a part of a plan. @throws SealedError `malformed-frame`, `plan-rejected`, `aborted` */
  async addPlan(planId: string, bytes: Uint8Array, { signal }: Controls): Promise<void> {
    const pause = yielding(signal, 'server');
    const { part, parameters } = await inSlices(planPartSteps(bytes), pause);
    if (!sameParameters(parameters, this.parameters)) {
      throw new SealedError('plan-rejected', 'The plan is for other parameters.', { stage: 'server' });
    }
    const prepared = await preparePart(this.backend, part, pause);
    this.dropPlan(planId);
    this.#plans.set(planId, prepared);
  }

  /** Forgets a plan; a run that uses it ends first. */
  dropPlan(planId: string): void {
    this.#plans.get(planId)?.[Symbol.dispose]();
    this.#plans.delete(planId);
  }

  /** Whether this context has the plan. */
  hasPlan(planId: string): boolean {
    return this.#plans.has(planId);
  }

  /** Times the backend's operations. */
  async measure(): Promise<OperationTimes> {
    using tenant = this.backend.tenant();
    return await measureOperations(tenant, this.parameters);
  }

  /** Share of the current segment that is done; undefined for a run that is not here. */
  progress(runId: number): number | undefined {
    return this.#runs.get(runId)?.progress;
  }

  /** Stops a run and forgets its values; nothing happens where it is not here. */
  end(runId: number): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    run.stop();
    freeValues(this.backend, run.kept);
    this.#runs.delete(runId);
  }

  /** Runs one segment. @throws SealedError `missing-key`, `malformed-frame`, `aborted`, `wrong-state` without the plan */
  async run(request: SegmentRun, controls: Controls): Promise<IndexedFrame[]> {
    const running = this.#run(request, controls);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Stops all runs, waits until they have let go of what they hold, and disposes everything. */
  async close(): Promise<void> {
    for (const runId of [...this.#runs.keys()]) this.end(runId);
    for (const arrival of this.#arriving) arrival.isDropped = true;
    await Promise.allSettled(this.#running);
    for (const planId of [...this.#plans.keys()]) this.dropPlan(planId);
    for (const keySet of [...this.#tenants.keys()]) this.dropKeys(keySet);
    this.backend[Symbol.dispose]();
  }

  async #run(request: SegmentRun, { signal }: Controls): Promise<IndexedFrame[]> {
    const { runId, planId, keySet, segment, frames, wanted } = request;
    const part = this.#plans.get(planId);
    const stages = part?.segments[segment];
    if (!part || !stages) {
      throw new SealedError('wrong-state', 'The evaluator does not have this plan.', { stage: 'server' });
    }
    // A plan forgotten in mid-run must not lose its weights under it.
    using _held = part.hold();
    const run = this.#runOf(request);
    const checkpoint = run.begin(segmentWork(stages), signal);
    // Without a key set of its own a run has no keys at all: what needs none still runs.
    using keyless = this.#tenants.has(keySet) ? undefined : this.backend.tenant();
    const tenant = this.#tenants.get(keySet) ?? keyless!;
    const values = run.kept;
    run.kept = new Map();
    const isLast = segment === part.segments.length - 1;
    const isWanted = new Set(wanted);
    const results: IndexedFrame[] = [];
    try {
      for (const frame of frames) {
        this.#receive(frame, part.inputs[segment], values);
        await checkpoint(0);
      }
      await runSegment(tenant, stages, values, checkpoint, (index, ciphertext) => {
        run.kept.set(index, ciphertext);
        if (isWanted.has(index)) results.push({ index, frame: this.#frame(index, ciphertext) });
        if (!isLast) return;
        run.kept.delete(index);
        this.backend.free(ciphertext);
      });
    } catch (error) {
      freeValues(this.backend, values);
      freeValues(this.backend, run.kept);
      this.#runs.delete(runId);
      throw error;
    }
    if (isLast) this.#runs.delete(runId);
    return results;
  }

  /** The run that a request goes on with. @throws SealedError `wrong-state` where it belongs to another key set or plan */
  #runOf(request: SegmentRun): Run<C> {
    const known = this.#runs.get(request.runId);
    if (!known) {
      const run = new Run<C>(request);
      this.#runs.set(request.runId, run);
      return run;
    }
    if (known.keySet === request.keySet && known.planId === request.planId) return known;
    throw new SealedError('wrong-state', 'This run is of another key set or plan.', { stage: 'server' });
  }

  #receive(frame: Uint8Array, inputs: SegmentInputs, values: Values<C>): void {
    for (const item of decodeCiphertexts(frame, this.parameters)) {
      inputs.check(item);
      if (values.has(item.index)) {
        throw new SealedError('malformed-frame', `Value ${item.index} came twice.`, { stage: 'server' });
      }
      values.set(item.index, this.backend.load(item.ciphertext));
    }
  }

  #frame(index: number, ciphertext: C): Uint8Array<ArrayBuffer> {
    const items = [{ index, ciphertext: this.backend.save(ciphertext) }];
    return encodeFrame({ kind: 'ciphertexts', items }, this.parameters);
  }
}

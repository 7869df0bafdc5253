// One set of parameters in a server worker: its backend, keys, prepared plans and runs in progress.
import { SealedError } from '../base/errors.ts';
import type { Parameters } from '../params/parameters.ts';
import type { PlanPart } from '../plan/partition.ts';
import type { IndexedFrame } from '../protocol/contracts.ts';
import { decodeCiphertexts, decodeFrame, encodeFrame } from '../protocol/frame.ts';
import type { KeyedBackend } from './backend.ts';
import type { SegmentInputs } from './segment-inputs.ts';
import { freeValues, PreparedPart, runSegment, segmentWork, type Values } from './interpreter.ts';

// A worker hears "stop" only when it waits; waiting costs a millisecond or two.
const YIELD_EVERY_MS = 40;

// Each plan holds encoded diagonals, tens of megabytes for some.
const MOST_PLANS = 3;

/** One run in progress in this worker. */
class Run<C> {
  #stopped = false;
  #lastYield = performance.now();
  #done = 0;
  #total = 1;
  kept: Values<C> = new Map();

  get progress(): number {
    // A worker may have no part in a segment: it is done before it begins.
    return this.#total === 0 ? 1 : this.#done / this.#total;
  }

  begin(total: number): void {
    this.#done = 0;
    this.#total = total;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Lets the worker hear its messages now and then. @throws SealedError `aborted` once stopped */
  readonly checkpoint = async (finished: number): Promise<void> => {
    this.#done += finished;
    if (performance.now() - this.#lastYield > YIELD_EVERY_MS) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.#lastYield = performance.now();
    }
    if (this.#stopped) throw new SealedError('aborted', 'Stopped.', { stage: 'server' });
  };
}

/** Plans, keys and runs for one set of parameters, on one backend. */
export class ServerSession<C> implements Disposable {
  readonly parameters: Parameters;
  readonly backend: KeyedBackend<C>;
  readonly #plans = new Map<string, PreparedPart<C>>();
  readonly #runs = new Map<number, Run<C>>();

  constructor(parameters: Parameters, backend: KeyedBackend<C>) {
    this.parameters = parameters;
    this.backend = backend;
  }

  /** Takes a frame of evaluation keys. @throws SealedError `malformed-frame` */
  addKeys(frame: Uint8Array): void {
    const decoded = decodeFrame(frame, this.parameters);
    if (decoded.kind !== 'evaluation-keys') {
      throw new SealedError('malformed-frame', 'Evaluation keys were expected.', { stage: 'server' });
    }
    this.backend.addKeys(decoded.keys);
  }

  hasPlan(planId: string): boolean {
    return this.#plans.has(planId);
  }

  /** Makes a plan ready and keeps it, in the place of the one unused for longest. */
  addPlan(planId: string, part: PlanPart): void {
    this.#forgetPlan(planId);
    const [oldest] = this.#plans.keys();
    if (oldest !== undefined && this.#plans.size >= MOST_PLANS) this.#forgetPlan(oldest);
    this.#plans.set(planId, new PreparedPart(this.backend, part));
  }

  #forgetPlan(planId: string): void {
    this.#plans.get(planId)?.[Symbol.dispose]();
    this.#plans.delete(planId);
  }

  progress(runId: number): number {
    return this.#runs.get(runId)?.progress ?? 0;
  }

  end(runId: number): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    run.stop();
    freeValues(this.backend, run.kept);
    this.#runs.delete(runId);
  }

  async run(
    runId: number,
    planId: string,
    segment: number,
    frames: readonly Uint8Array[],
    wanted: ReadonlySet<number>,
  ): Promise<IndexedFrame[]> {
    const part = this.#plans.get(planId);
    const stages = part?.segments[segment];
    if (!part || !stages) {
      throw new SealedError('wrong-state', 'The server role does not have this plan.', { stage: 'server' });
    }
    // Used last: forgotten last.
    this.#plans.delete(planId);
    this.#plans.set(planId, part);
    const run = this.#runs.get(runId) ?? new Run<C>();
    this.#runs.set(runId, run);
    run.begin(segmentWork(stages));
    const values = run.kept;
    run.kept = new Map();
    const isLast = segment === part.segments.length - 1;
    const results: IndexedFrame[] = [];
    try {
      for (const frame of frames) this.#receive(frame, part.inputs[segment], values);
      await runSegment(this.backend, stages, values, run.checkpoint, (index, ciphertext) => {
        run.kept.set(index, ciphertext);
        if (wanted.has(index)) results.push({ index, frame: this.#frame(index, ciphertext) });
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
    return results;
  }

  #receive(frame: Uint8Array, inputs: SegmentInputs, values: Values<C>): void {
    for (const item of decodeCiphertexts(frame, this.parameters)) {
      inputs.check(item);
      if (values.has(item.index))
        throw new SealedError('malformed-frame', `Value ${item.index} came twice.`, { stage: 'server' });
      values.set(item.index, this.backend.load(item.ciphertext));
    }
  }

  #frame(index: number, ciphertext: C): Uint8Array<ArrayBuffer> {
    const items = [{ index, ciphertext: this.backend.save(ciphertext) }];
    return encodeFrame({ kind: 'ciphertexts', items }, this.parameters);
  }

  [Symbol.dispose](): void {
    for (const runId of [...this.#runs.keys()]) this.end(runId);
    for (const planId of [...this.#plans.keys()]) this.#forgetPlan(planId);
    this.backend[Symbol.dispose]();
  }
}

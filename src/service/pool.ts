// The evaluators of a service: started when needed, replaced when one has died, given plans and keys as runs need them.
import { limited, type WorkerHandle } from '../base/worker-handle.ts';
import { throwIfAborted } from '../base/errors.ts';
import type { ParametersLiteral } from '../params/parameters.ts';
import type { EvaluatorRole, OperationTimes } from '../protocol/evaluator.ts';
import type { ServerBackendName } from '../protocol/backends.ts';

/** A parameter set on a backend, under the name that evaluators know it by. */
export interface ContextName {
  readonly name: string;
  readonly parameters: ParametersLiteral;
  readonly backend: ServerBackendName;
}

/** The context of `parameters` on `backend`. */
export function contextOf(parameters: ParametersLiteral, backend: ServerBackendName): ContextName {
  const { polyModulusDegree, coeffModulusBits } = parameters;
  return { name: JSON.stringify([polyModulusDegree, coeffModulusBits, backend]), parameters, backend };
}

/** What an evaluator needs for its share of a run. */
export interface Share {
  readonly context: ContextName;
  readonly planId: string;
  /** Encodes the part; called only where the evaluator lacks it. */
  readonly part: () => Uint8Array;
  readonly keySet: string;
  /** All frames of the key set. */
  readonly keys: readonly Uint8Array[];
}

// Beyond so many bytes of plans those used least recently are forgotten, but for the last few: encoded, their weights take
// up to a dozen times as much. The stretches of one network are a plan each, and come round with every run.
const MOST_PLAN_BYTES = 48e6;
const KEPT_PLANS = 3;

const ADVICE = 'Try again: a new evaluator will be started.';

/** One evaluator and what it has been given. */
export class Evaluator {
  readonly handle: WorkerHandle<EvaluatorRole>;
  /** Contexts by name, the one used last at the end. */
  readonly #contexts = new Map<string, { plans: Map<string, number>; keySets: Map<string, number> }>();
  readonly #memoryBudget: number;

  constructor(handle: WorkerHandle<EvaluatorRole>, memoryBudget: number) {
    this.handle = handle;
    this.#memoryBudget = memoryBudget;
  }

  /** Opens a context. @returns the backend in use */
  async open({ name, parameters, backend }: ContextName): Promise<ServerBackendName> {
    const used = await this.handle.role.open(name, parameters, backend);
    const state = this.#contexts.get(name) ?? { plans: new Map(), keySets: new Map() };
    this.#contexts.delete(name);
    this.#contexts.set(name, state);
    return used;
  }

  /** Gives the evaluator what it lacks of `share`. */
  async give(share: Share, signal: AbortSignal | undefined): Promise<void> {
    const { role } = this.handle;
    const { context, planId, keySet, keys } = share;
    await this.open(context);
    const { plans, keySets } = this.#contexts.get(context.name)!;
    throwIfAborted(signal, 'compile');
    let size = plans.get(planId);
    if (size === undefined) {
      const part = share.part();
      size = part.byteLength;
      await role.addPlan(context.name, planId, part, { signal });
      let bytes = [...plans.values()].reduce((sum, own) => sum + own, size);
      for (const [oldest, own] of [...plans]) {
        if (bytes <= MOST_PLAN_BYTES || plans.size < KEPT_PLANS) break;
        await role.dropPlan(oldest);
        plans.delete(oldest);
        bytes -= own;
      }
    }
    // Used last: forgotten last.
    plans.delete(planId);
    plans.set(planId, size);
    for (let given = keySets.get(keySet) ?? 0; given < keys.length; given += 1) {
      throwIfAborted(signal, 'wire');
      await role.addKeys(context.name, keySet, keys[given]);
      keySets.set(keySet, given + 1);
    }
    await this.#keepToBudget(context.name);
  }

  /** Closes contexts that were used least recently while their WebAssembly memory is over the budget. */
  async #keepToBudget(inUse: string): Promise<void> {
    for (const name of [...this.#contexts.keys()]) {
      if (name === inUse || (await this.handle.role.memoryBytes()) <= this.#memoryBudget) return;
      this.#contexts.delete(name);
      await this.handle.role.close(name);
    }
  }

  /** Forgets a key set. */
  async dropKeys(keySet: string): Promise<void> {
    for (const { keySets } of this.#contexts.values()) keySets.delete(keySet);
    if (!this.handle.dead) await this.handle.role.dropKeys(keySet);
  }
}

/** How to start evaluators, and how many. */
export interface PoolOptions {
  readonly start: () => WorkerHandle<EvaluatorRole>;
  readonly size: number;
  /** Bytes of WebAssembly memory of one evaluator beyond which parameter sets that are not in use are closed. */
  readonly memoryBudget: number;
}

/** Runs wait their turn here; each gets one evaluator, or all of them where that is faster and nobody else waits. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #evaluators: (Evaluator | undefined)[];
  readonly #free: Set<number>;
  readonly #waiting: { wantsAll: boolean; start: (indices: number[]) => void }[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#evaluators = Array<Evaluator | undefined>(options.size).fill(undefined);
    this.#free = new Set(this.#evaluators.keys());
  }

  get size(): number {
    return this.#options.size;
  }

  /** The living evaluator number `index`, a new one in the place of one that has died. */
  at(index: number): Evaluator {
    const known = this.#evaluators[index];
    if (known && !known.handle.dead) return known;
    const evaluator = new Evaluator(this.#options.start(), this.#options.memoryBudget);
    this.#evaluators[index] = evaluator;
    return evaluator;
  }

  /** Starts all evaluators and has each load what it needs. */
  async warm(): Promise<void> {
    await Promise.all(this.#evaluators.map((_, index) => this.at(index).handle.role.warm()));
  }

  /**
   * Calls `work` with one evaluator's number, or with all of them where `wantsAll` and no other run is there.
   * @throws SealedError `aborted` while it waits, or whatever `work` throws
   */
  async lend<T>(
    wantsAll: boolean,
    signal: AbortSignal | undefined,
    work: (indices: readonly number[]) => Promise<T>,
  ): Promise<T> {
    throwIfAborted(signal, 'server');
    const indices = await this.#turn(wantsAll, signal);
    try {
      return await work(indices);
    } finally {
      for (const index of indices) this.#free.add(index);
      this.#dispatch();
    }
  }

  async #turn(wantsAll: boolean, signal: AbortSignal | undefined): Promise<readonly number[]> {
    const turn = Promise.withResolvers<readonly number[]>();
    const entry = { wantsAll, start: turn.resolve };
    this.#waiting.push(entry);
    const leave = (): void => {
      const place = this.#waiting.indexOf(entry);
      if (place < 0) return;
      this.#waiting.splice(place, 1);
      turn.reject(signal?.reason);
    };
    signal?.addEventListener('abort', leave);
    this.#dispatch();
    try {
      return await turn.promise;
    } catch {
      throwIfAborted(signal, 'server');
      throw signal?.reason;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  #dispatch(): void {
    while (this.#waiting.length > 0 && this.#free.size > 0) {
      const { wantsAll, start } = this.#waiting.shift()!;
      const isAlone = this.#waiting.length === 0 && this.#free.size === this.size;
      // The lowest first: it has been started, and has the plan of the run before.
      const indices = [...this.#free].sort((a, b) => a - b).slice(0, wantsAll && isAlone ? this.size : 1);
      for (const index of indices) this.#free.delete(index);
      start(indices);
    }
  }

  /** Forgets a key set everywhere. */
  async dropKeys(keySet: string): Promise<void> {
    const living = this.#evaluators.filter((evaluator) => evaluator !== undefined && !evaluator.handle.dead);
    await Promise.allSettled(living.map((evaluator) => evaluator!.dropKeys(keySet)));
  }

  /** Times the operations of a context on an evaluator of its own, which is ended afterwards. */
  async measure({ name, parameters, backend }: ContextName, signal?: AbortSignal): Promise<OperationTimes> {
    const handle = this.#options.start();
    try {
      const times = handle.role.open(name, parameters, backend).then(() => handle.role.measure(name));
      return await limited(times, [handle], { signal, stage: 'compile', advice: ADVICE });
    } finally {
      handle.terminate();
    }
  }

  /** Bytes of WebAssembly memory of the evaluators that run, one by one. */
  async memoryBytes(): Promise<number[]> {
    const living = this.#evaluators.filter((evaluator) => evaluator !== undefined && !evaluator.handle.dead);
    return Promise.all(living.map((evaluator) => evaluator!.handle.role.memoryBytes()));
  }

  /** Ends every evaluator. */
  close(): void {
    for (const evaluator of this.#evaluators) evaluator?.handle.terminate();
    this.#evaluators.fill(undefined);
  }
}

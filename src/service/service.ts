// The server side whole, behind its contract: models, compiled cards, key sets and runs, over a pool of evaluators.
import {
  CALL_TIMEOUT_MS,
  limited,
  StoppableWorker,
  watch,
  type WorkerHandle,
} from '../base/worker-handle.ts';
import { type Controls, yielding } from '../base/controls.ts';
import { SealedError, throwIfAborted } from '../base/errors.ts';
import { sha256Hex, sha256Of } from '../base/sha256.ts';
import { COST_TABLES } from '../plan/cost-tables.ts';
import type { ParametersLiteral } from '../params/parameters.ts';
import type { EvaluatorRole, OperationTimes } from '../protocol/evaluator.ts';
import { SERVER_BACKENDS, type ServerBackendName } from '../protocol/backends.ts';
import type { Sha256 } from '../protocol/card.ts';
import type { CardOptions, EvaluationAnswer, EvaluationRequest, LocalService } from '../protocol/service.ts';
import type { SimulatorRole } from '../protocol/simulator.ts';
import { BudgetCache } from './budget-cache.ts';
import { bindAgain, tablesHash } from './bind-again.ts';
import { CompiledCard } from './compiled-card.ts';
import type { CompilerRole } from './compiler-role.ts';
import { runDistributed } from './conductor.ts';
import { measuredCosts, predictEvaluateMs, sharesPay } from './placement.ts';
import { Pool } from './pool.ts';
import { type ModelLoader, Registry } from './registry.ts';
import { SharedWork } from './shared-work.ts';

/** How a service is put together. */
export interface ServiceOptions {
  readonly loadModel: ModelLoader;
  /** Number of evaluators. */
  readonly evaluators: number;
  readonly startEvaluator: () => WorkerHandle<EvaluatorRole>;
  readonly startCompiler: () => WorkerHandle<CompilerRole>;
  readonly startSimulator: () => WorkerHandle<SimulatorRole>;
  /** SHA-256 of the WebAssembly of each backend: what answers say that they were computed with. */
  readonly kernels: Readonly<Record<ServerBackendName, Sha256>>;
  /** Most bytes of evaluation keys that all key sets hold together. */
  readonly keyBytes?: number;
  /** Most bytes of plans that are kept. */
  readonly planBytes?: number;
  /** Bytes of WebAssembly memory of one evaluator beyond which idle parameter sets are closed. */
  readonly memoryBytes?: number;
}

// Galois keys of one large network come to some hundred megabytes.
const KEY_BYTES = 1024e6;
// A plan of version 10 holds some 12 MB of colour fields.
const PLAN_BYTES = 256e6;
const MEMORY_BYTES = 768e6;

// Names of key sets that were let go, remembered while their clients may still be sending.
const MOST_DROPPED = 10_000;

const ADVICE = 'Try again, or a smaller model.';

/** The keys of one client. */
interface KeySet {
  readonly context: string;
  readonly frames: Uint8Array[];
  /** Their hashes as they arrived. */
  readonly hashes: Sha256[];
  bytes: number;
}

function keysGone(): SealedError {
  return new SealedError('keys-gone', 'The service no longer has these keys: make others.', {
    stage: 'server',
  });
}

/** A service in this program, and its end. */
export interface RunningService extends LocalService {
  /** Ends its threads; a later call starts new ones. */
  close(): Promise<void>;
}

/** The name of `options` among those of a model: equal options compile to equal plans. */
function optionsName(options: CardOptions): string {
  return JSON.stringify(options, (key, value: unknown) => {
    if (value instanceof Float32Array) {
      return sha256Hex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    }
    if (key !== 'parameters' || value === undefined) return value;
    // Checked parameters are a literal with more in it, and their primes have no JSON.
    const { polyModulusDegree, coeffModulusBits } = value as ParametersLiteral;
    return { polyModulusDegree, coeffModulusBits };
  });
}

/** A service. */
export function createService(options: ServiceOptions): RunningService {
  const registry = new Registry(options.loadModel);
  const pool = new Pool({
    start: options.startEvaluator,
    size: options.evaluators,
    memoryBudget: options.memoryBytes ?? MEMORY_BYTES,
  });
  const names = new Map<string, string>();
  const cards = new BudgetCache<CompiledCard>(options.planBytes ?? PLAN_BYTES);
  const keyBytes = options.keyBytes ?? KEY_BYTES;
  const droppedSets = new Set<string>();
  const keySets = new BudgetCache<KeySet>(keyBytes, (name) => {
    // What still comes of it must not become a set that lacks half its keys.
    droppedSets.add(name);
    if (droppedSets.size > MOST_DROPPED) droppedSets.delete(droppedSets.values().next().value!);
    void pool.dropKeys(name);
  });
  const times = new Map<string, OperationTimes>();
  const measuring = new SharedWork<OperationTimes>();
  const compiling = new SharedWork<CompiledCard>();
  const compiler = new StoppableWorker('deaf', options.startCompiler);
  const simulator = new StoppableWorker('listening', options.startSimulator);
  let runs = 0;
  let closings = 0;

  const known = (hash: string): CompiledCard => {
    const compiled = cards.get(hash);
    if (compiled) return compiled;
    throw new SealedError('card-gone', 'The service no longer has this card: ask for it again.', {
      stage: 'server',
    });
  };

  /** `work`, and once more where an evaluator died in it: another takes its place, and the client need not know. */
  const replacing = async <T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> => {
    const closedBefore = closings;
    try {
      return await work();
    } catch (error) {
      const hasDied = error instanceof SealedError && error.code === 'worker-died';
      if (!hasDied || signal?.aborted || closings > closedBefore) throw error;
      return await work();
    }
  };

  /** Compiles for the backend asked for, or for SEAL where that one does not run here. */
  const compileCard = async (
    model: string,
    wanted: CardOptions,
    signal: AbortSignal,
  ): Promise<CompiledCard> => {
    // It starts while the compiler works.
    if (wanted.backend !== 'seal') pool.at(0);
    const source = await registry.source(model);
    const compileFor = async (backend: ServerBackendName): Promise<CompiledCard> => {
      const asked = { ...wanted, backend };
      const limits = { signal, stage: 'compile', advice: ADVICE } as const;
      const made = await compiler.call((role) => role.compile(source, asked), limits);
      return CompiledCard.read(source, made, backend, yielding(signal, 'compile'));
    };
    const compiled = await compileFor(wanted.backend);
    if (wanted.backend === 'seal') return compiled;
    const used = await replacing(signal, () => pool.at(0).open(compiled.context));
    return used === wanted.backend ? compiled : compileFor(used);
  };

  /** One try of a run, on the evaluators lent to it. */
  const runOn = async (
    indices: readonly number[],
    compiled: CompiledCard,
    { segment, keySet, frames }: EvaluationRequest,
    { signal, onProgress }: Controls<number>,
  ): Promise<Omit<EvaluationAnswer, 'binding'>> => {
    const evaluators = indices.map((index) => pool.at(index));
    const handles = evaluators.map(({ handle }) => handle);
    const placed = compiled.placed(segment, evaluators.length);
    const keys = keySets.get(keySet)?.frames ?? [];
    const give = evaluators.map((evaluator, index) =>
      evaluator.give(
        {
          context: compiled.context,
          planId: placed.planIds[index],
          part: () => placed.part(index),
          keySet,
          keys,
        },
        signal,
      ),
    );
    await limited(Promise.all(give), handles, { signal, stage: 'compile', advice: ADVICE });
    runs += 1;
    const run = { runId: runs, planIds: placed.planIds, keySet, partition: placed.partition, inputs: frames };
    const stopWatching = watch(handles, ({ role }) => role.progress(0));
    const started = performance.now();
    try {
      const call = runDistributed(
        handles.map(({ role }) => role),
        run,
        { signal, onProgress },
      );
      const { outputs, exchangedBytes } = await limited(call, handles, {
        signal,
        stage: 'server',
        advice: ADVICE,
      });
      return { frames: outputs, evaluateMs: performance.now() - started, exchangedBytes };
    } finally {
      stopWatching();
    }
  };

  const service: RunningService = {
    capabilities: async () => ({
      protocol: 1,
      backends: SERVER_BACKENDS,
      evaluators: pool.size,
      keyBytes,
      loads: true,
      explains: true,
    }),

    models: async () => registry.entries(),

    card: async (model, wanted, { signal } = {}) => {
      const name = `${model} ${optionsName(wanted)}`;
      const hash = names.get(name);
      const compiledBefore = hash === undefined ? undefined : cards.get(hash);
      // A copy: what a role returns is moved to its caller.
      if (compiledBefore) return compiledBefore.bytes.slice();
      const compile = async (stop: AbortSignal): Promise<CompiledCard> => {
        const compiled = await compileCard(model, wanted, stop);
        names.set(name, compiled.hash);
        cards.set(compiled.hash, compiled, compiled.weight);
        return compiled;
      };
      const limits = { signal, stage: 'compile', advice: ADVICE, timeoutMs: CALL_TIMEOUT_MS } as const;
      return (await compiling.get(name, compile, limits)).bytes.slice();
    },

    putKeys: async (card, keySet, frame, { signal } = {}) => {
      throwIfAborted(signal, 'wire');
      const hash = await sha256Of(frame);
      const { context } = known(card);
      const held = keySets.get(keySet);
      if (held && held.context !== context.name) {
        throw new SealedError('invalid-argument', 'These keys are for other parameters than the set’s.', {
          stage: 'server',
        });
      }
      if (!held && droppedSets.has(keySet)) throw keysGone();
      const bytes = (held?.bytes ?? 0) + frame.byteLength;
      if (bytes > keyBytes) {
        keySets.delete(keySet);
        throw new SealedError(
          'does-not-fit',
          `The keys take more than the ${Math.floor(keyBytes / 1e6)} MB that the service holds. Try a smaller model.`,
          { stage: 'server' },
        );
      }
      if (held) {
        held.frames.push(frame);
        held.hashes.push(hash);
        held.bytes = bytes;
        keySets.grow(keySet, frame.byteLength);
      } else {
        keySets.set(keySet, { context: context.name, frames: [frame], hashes: [hash], bytes }, bytes);
      }
    },

    evaluate: async (request, controls = {}) => {
      const compiled = known(request.card);
      const segment = compiled.card.segments[request.segment];
      if (!segment) {
        throw new SealedError('invalid-argument', `The card has no segment ${request.segment}.`, {
          stage: 'server',
        });
      }
      const held = keySets.get(request.keySet);
      if (
        (segment.relinearize || segment.rotationSteps.length > 0) &&
        held?.context !== compiled.context.name
      ) {
        throw keysGone();
      }
      using _card = cards.pin(compiled.hash);
      using _keys = keySets.pin(request.keySet);
      const { planHash, backend, parameters } = compiled.card;
      const binding = {
        ...(await bindAgain(request, held?.hashes ?? [])),
        plan: planHash,
        tables: tablesHash(parameters.polyModulusDegree),
        kernel: options.kernels[backend],
        backend,
      };
      const plan = compiled.plans[request.segment];
      const wantsAll =
        (request.siblings ?? 1) < pool.size && sharesPay(plan, pool.size, COST_TABLES[compiled.card.backend]);
      const { signal } = controls;
      const answer = await pool.lend(wantsAll, signal, (indices) =>
        replacing(signal, () => runOn(indices, compiled, request, controls)),
      );
      return { ...answer, binding };
    },

    drop: async (keySet) => keySets.delete(keySet),
    load: async (file) => registry.add(file),
    explain: async (card) => known(card).explanation,

    warm: async () => {
      await Promise.all([pool.warm(), compiler.living().role.warm(), registry.warm()]);
    },

    simulate: async ({ card, segment, values, inputs }, { signal } = {}) => {
      const compiled = known(card);
      const [plan, face] = [compiled.encodedPlan(segment), compiled.card.segments[segment]];
      return await simulator.call((role) => role.simulate(plan, face, values, inputs, { signal }), {
        signal,
        stage: 'server',
        advice: ADVICE,
      });
    },

    measure: async (card, { signal } = {}) => {
      const { context } = known(card);
      const before = times.get(context.name);
      if (before) return before;
      const measure = async (stop: AbortSignal): Promise<OperationTimes> => {
        const measured = await pool.measure(context, stop);
        times.set(context.name, measured);
        return measured;
      };
      const limits = { signal, stage: 'compile', advice: ADVICE, timeoutMs: CALL_TIMEOUT_MS } as const;
      return await measuring.get(context.name, measure, limits);
    },

    predict: async (card, inputs, measured) => {
      const { plans, card: face } = known(card);
      const costs = measured ? measuredCosts(measured) : COST_TABLES[face.backend];
      return predictEvaluateMs(plans, face.segments, inputs, pool.size, costs);
    },

    memoryBytes: () => pool.memoryBytes(),

    close: async () => {
      closings += 1;
      keySets.clear();
      pool.close();
      compiler.end();
      simulator.end();
    },
  };
  return Object.freeze(Object.assign(Object.create(null) as object, service));
}

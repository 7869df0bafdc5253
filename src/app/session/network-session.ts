// Runs a compiled network over the roles: keys, encrypted segments on the server workers, rounds at the client.
import type { CompiledNetwork, NetworkSegment } from '../../compiler/general/compile-network.ts';
import { type ErrorStage, SealedError, throwIfAborted } from '../../base/errors.ts';
import { checkParameters, type ParametersLiteral } from '../../params/parameters.ts';
import { executeGraph } from '../../model/execute.ts';
import { elementCount } from '../../model/graph.ts';
import type { NetworkCard } from '../../plan/slot-layout.ts';
import type {
  ClientRole,
  EncryptedInput,
  OperationTimes,
  ServerBackendName,
  SimulatorRole,
} from '../../protocol/contracts.ts';
import { runDistributed } from '../../protocol/distribute.ts';
import { type Group, groupsOf, joined, split } from '../network/input-groups.ts';
import { limited, watch } from './limits.ts';
import { NETWORK_COSTS, placePlan } from '../network/network-costs.ts';
import type { BackendName } from '../style/report.ts';
import { type PlacedPlan, ServerPool } from './server-pool.ts';
import type { WorkerFactory, WorkerHandle } from './workers.ts';

/** How far a run is. */
export interface NetworkProgress {
  readonly stage: 'keys' | 'evaluate';
  /** Segment under way, from 0, of how many. */
  readonly segment: number;
  readonly segments: number;
  /** Share of the keys, or of all segments, 0 to 1. */
  readonly share: number;
}

/** How to watch and stop a run. */
export interface NetworkControls {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: NetworkProgress) => void) | undefined;
}

/** Milliseconds of wall-clock time; the client's as measured inside its worker. */
export interface NetworkTimings {
  keygenMs: number;
  encodeMs: number;
  encryptMs: number;
  /** Server workers at work, the busiest of those side by side. */
  evaluateMs: number;
  /** Rounds in the middle: decryption, the client's layers. */
  roundMs: number;
  decryptMs: number;
  totalMs: number;
}

/** What crossed the wire. */
export interface NetworkBytes {
  evaluationKeys: number;
  request: number;
  response: number;
  /** Refreshes and client layers in the middle, both ways. */
  rounds: number;
  /** Between the server workers. */
  exchanged: number;
}

/** The outputs, one an input in C order, and what they took. */
export interface NetworkOutcome {
  readonly outputs: readonly Float32Array[];
  readonly backend: BackendName;
  readonly timings: Readonly<NetworkTimings>;
  readonly bytes: Readonly<NetworkBytes>;
}

// One frame of keys for large parameters would pass a gigabyte: several are made and handed on one by one.
const STEPS_A_FRAME = 8;

const ADVICE = 'Try a smaller network, fewer of its layers, or fewer inputs at once.';

/** One run in progress. */
interface Run {
  readonly id: number;
  readonly network: CompiledNetwork;
  readonly inputs: readonly Float32Array[];
  readonly outputs: Float32Array[];
  readonly timings: NetworkTimings;
  readonly bytes: NetworkBytes;
  readonly controls: NetworkControls;
}

/** A client, a pool of server workers and a simulator, alive until `close`. Keys live as long as their parameters are used. */
export class NetworkSession {
  readonly #factory: WorkerFactory;
  readonly #size: number;
  readonly #advice: string;
  readonly #pool: ServerPool;
  readonly #planIds = new WeakMap<NetworkSegment, string>();
  #client: WorkerHandle<ClientRole> | undefined;
  #simulator: WorkerHandle<SimulatorRole> | undefined;
  #plans = 0;
  #runs = 0;

  /**
   * @param serverWorkers workers of the server role, 1 or more
   * @param advice what to do when a call takes too long
   */
  constructor(workers: WorkerFactory, serverWorkers: number, advice = ADVICE) {
    this.#factory = workers;
    this.#size = serverWorkers;
    this.#advice = advice;
    this.#pool = new ServerPool(workers, serverWorkers, advice);
  }

  /** Number of server workers. */
  get serverWorkers(): number {
    return this.#size;
  }

  /**
   * Runs `network` on `inputs`, each in C order, in as many ciphertexts as they need.
   * @throws SealedError `aborted`, `invalid-argument` for inputs of another size, or whatever a role throws
   */
  async run(
    network: CompiledNetwork,
    inputs: readonly Float32Array[],
    backend: BackendName,
    controls: NetworkControls = {},
  ): Promise<NetworkOutcome> {
    checkInputs(network, inputs);
    const started = performance.now();
    this.#runs += 1;
    const timings = {
      keygenMs: 0,
      encodeMs: 0,
      encryptMs: 0,
      evaluateMs: 0,
      roundMs: 0,
      decryptMs: 0,
      totalMs: 0,
    };
    const bytes = { evaluationKeys: 0, request: 0, response: 0, rounds: 0, exchanged: 0 };
    const run: Run = { id: this.#runs, network, inputs, outputs: [], timings, bytes, controls };
    const used = backend === 'clear' ? await this.#simulate(run) : await this.#runSealed(run, backend);
    timings.totalMs = performance.now() - started;
    return { outputs: run.outputs, backend: used, timings, bytes };
  }

  /** Times the operations of `backend` on a worker that is ended afterwards. */
  async measure(
    parameters: ParametersLiteral,
    backend: ServerBackendName,
    signal?: AbortSignal,
  ): Promise<OperationTimes> {
    const worker = this.#factory.server();
    try {
      const times = worker.role.open(parameters, backend).then(() => worker.role.measure());
      return await this.#limited(times, [worker], 'compile', signal);
    } finally {
      worker.terminate();
    }
  }

  /** Ends every worker; keys are gone with the client's. */
  close(): void {
    this.#pool.close();
    this.#client?.terminate();
    this.#simulator?.terminate();
  }

  async #runSealed(run: Run, backend: ServerBackendName): Promise<BackendName> {
    const { network, controls } = run;
    const { parameters } = network.segments[0].card;
    // First of all: a new client has new keys, and the servers must forget the old ones.
    this.#liveClient();
    const opened = await this.#pool.open(parameters, backend, controls.signal);
    await this.#prepareKeys(run, opened.hasKeys);
    for (const index of network.segments.keys()) await this.#runSegment(run, index, opened.backend);
    return opened.backend;
  }

  /** Has the client make the keys of all segments, and hands them to the server workers as they come. */
  async #prepareKeys({ network, timings, bytes, controls }: Run, serversHaveKeys: boolean): Promise<void> {
    const { signal, onProgress } = controls;
    const client = this.#liveClient();
    // What the servers lack the client must make again: it gives out each key once.
    if (!serversHaveKeys) await this.#limited(client.role.close(), [client], 'keygen', signal);
    const cards = network.segments.map(({ card }) => card);
    const steps = [...new Set(cards.flatMap(({ rotationSteps }) => rotationSteps))];
    const relinearize = cards.some((card) => card.relinearize);
    const prepare = async (rotationSteps: readonly number[]): Promise<void> => {
      throwIfAborted(signal, 'keygen');
      const card: NetworkCard = { ...cards[0], rotationSteps, relinearize };
      const { keys, keygenMs } = await this.#limited(client.role.prepare(card), [client], 'keygen', signal);
      timings.keygenMs += keygenMs;
      if (!keys) return;
      bytes.evaluationKeys += keys.byteLength;
      await this.#pool.addKeys(keys, signal);
    };
    try {
      await prepare([]);
      for (let at = 0; at < steps.length; at += STEPS_A_FRAME) {
        await prepare(steps.slice(at, at + STEPS_A_FRAME));
        const share = Math.min(1, (at + STEPS_A_FRAME) / steps.length);
        onProgress?.({ stage: 'keys', segment: 0, segments: cards.length, share });
      }
    } catch (error) {
      // Who has which key is no longer certain.
      this.#pool.forget();
      throw error;
    }
  }

  /** Runs one segment on all inputs: groups side by side on their lanes of workers. */
  async #runSegment(run: Run, index: number, backend: ServerBackendName): Promise<void> {
    const { network, inputs, timings, controls } = run;
    const segment = network.segments[index];
    const groups = groupsOf(inputs.length, segment.card.input.layout.batch);
    const { lanes, partition } = placePlan(segment.plan, groups.length, this.#size, NETWORK_COSTS[backend]);
    const placed = { planId: `${this.#planId(segment)}/${partition.parts.length}`, partition };
    const width = partition.parts.length;
    for (let lane = 0; lane < lanes; lane += 1)
      await this.#pool.givePlan(placed, lane * width, controls.signal);
    const failure = new AbortController();
    const signal = controls.signal ? AbortSignal.any([controls.signal, failure.signal]) : failure.signal;
    const busy = Array<number>(lanes).fill(0);
    const shares = groups.map(() => 0);
    const report = (group: number, share: number): void => {
      shares[group] = share;
      const done = shares.reduce((sum, part) => sum + part, 0) / groups.length;
      const segments = network.segments.length;
      controls.onProgress?.({
        stage: 'evaluate',
        segment: index,
        segments,
        share: (index + done) / segments,
      });
    };
    let next = 0;
    const serve = async (lane: number): Promise<void> => {
      while (next < groups.length) {
        const number = next;
        next += 1;
        const onProgress = (share: number): void => report(number, share);
        busy[lane] += await this.#runGroup(run, index, groups[number], {
          placed,
          first: lane * width,
          signal,
          onProgress,
        });
        report(number, 1);
      }
    };
    const all = Array.from({ length: lanes }, (_, lane) => serve(lane));
    try {
      await Promise.all(all);
    } catch (error) {
      failure.abort();
      await Promise.allSettled(all);
      throw error;
    }
    timings.evaluateMs += Math.max(...busy);
  }

  /** Encrypts a group, runs the segment on it, decrypts or keeps the result. @returns the servers' milliseconds */
  async #runGroup(
    run: Run,
    index: number,
    group: Group,
    lane: { placed: PlacedPlan; first: number; signal: AbortSignal; onProgress: (share: number) => void },
  ): Promise<number> {
    const { id, network, timings, bytes } = run;
    const { card, client: layers } = network.segments[index];
    const isLast = index === network.segments.length - 1;
    const { signal, placed, first, onProgress } = lane;
    const client = this.#liveClient();
    const held = { runId: id, ...group };
    const encrypting =
      index === 0
        ? client.role.encrypt(card, joined(run.inputs, group))
        : client.role.encryptHeld(card, held);
    const encrypted: EncryptedInput = await this.#limited(encrypting, [client], 'encrypt', signal);
    timings.encodeMs += encrypted.encodeMs;
    timings.encryptMs += encrypted.encryptMs;
    bytes[index === 0 ? 'request' : 'rounds'] += bytesOf(encrypted.frames);

    this.#runs += 1;
    const handles = this.#pool.handles.slice(first, first + placed.partition.parts.length);
    const stopWatching = watch(handles);
    const start = performance.now();
    let answer;
    try {
      const roles = handles.map(({ role }) => role);
      const distributed = { runId: this.#runs, ...placed, inputs: encrypted.frames, signal, onProgress };
      answer = await this.#limited(runDistributed(roles, distributed), handles, 'server', signal);
    } finally {
      stopWatching();
    }
    const evaluateMs = performance.now() - start;
    bytes.exchanged += answer.exchangedBytes;
    bytes[isLast ? 'response' : 'rounds'] += bytesOf(answer.outputs);

    if (!isLast) {
      const call = client.role.hold(card, answer.outputs, held, layers);
      timings.roundMs += (await this.#limited(call, [client], 'decrypt', signal)).decryptMs;
      return evaluateMs;
    }
    const call = client.role.decryptTensor(card, answer.outputs, group.inputs, layers);
    const { values, decryptMs } = await this.#limited(call, [client], 'decrypt', signal);
    timings.decryptMs += decryptMs;
    split(values, group.inputs).forEach((output, i) => (run.outputs[group.first + i] = output));
    return evaluateMs;
  }

  /** The same plans on plaintext slots. */
  async #simulate({ network, inputs, outputs, timings, controls }: Run): Promise<BackendName> {
    let values = [...inputs];
    const segments = network.segments.length;
    for (const [index, { plan, card, client: layers }] of network.segments.entries()) {
      const groups = groupsOf(inputs.length, card.input.layout.batch);
      const results: Float32Array[] = [];
      for (const group of groups) {
        throwIfAborted(controls.signal, 'server');
        if (this.#simulator?.dead !== false) this.#simulator = this.#factory.simulator();
        const call = this.#simulator.role.simulateTensor(plan, card, joined(values, group), group.inputs);
        const result = await this.#limited(call, [this.#simulator], 'server', controls.signal);
        timings.evaluateMs += result.evaluateMs;
        results.push(...split(result.values, group.inputs));
        const share = (index + results.length / inputs.length) / segments;
        controls.onProgress?.({ stage: 'evaluate', segment: index, segments, share });
      }
      values = layers
        ? results.map((data) => executeGraph(layers, { shape: layers.input.shape, data }).data)
        : results;
    }
    outputs.push(...values);
    return 'clear';
  }

  #liveClient(): WorkerHandle<ClientRole> {
    if (this.#client?.dead !== false) {
      this.#client = this.#factory.client();
      this.#pool.forget();
    }
    return this.#client;
  }

  #limited<T>(
    call: Promise<T>,
    workers: readonly WorkerHandle<unknown>[],
    stage: ErrorStage,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return limited(call, workers, { stage, signal, advice: this.#advice });
  }

  #planId(segment: NetworkSegment): string {
    let id = this.#planIds.get(segment);
    if (id === undefined) {
      this.#plans += 1;
      id = `network ${this.#plans}`;
      this.#planIds.set(segment, id);
    }
    return id;
  }
}

function checkInputs({ graph, segments }: CompiledNetwork, inputs: readonly Float32Array[]): void {
  const size = elementCount(graph.input.shape);
  if (inputs.length === 0)
    throw new SealedError('invalid-argument', 'There is no input to run.', { stage: 'input' });
  for (const { length } of inputs) {
    if (length === size) continue;
    throw new SealedError(
      'invalid-argument',
      `The network takes ${graph.input.shape.join('×')} = ${size} values; an input has ${length}.`,
      { stage: 'input' },
    );
  }
  const literals = new Set(segments.map(({ card }) => checkParameters(card.parameters)));
  if (literals.size > 1)
    throw new SealedError('internal', 'The segments have different parameters.', { stage: 'compile' });
}

function bytesOf(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

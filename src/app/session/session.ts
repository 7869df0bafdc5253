// Joins the roles: starts the workers, hands the server role its keys and plans, replaces what has died.
import { type ErrorStage, throwIfAborted } from '../../base/errors.ts';
import type { ModelCard } from '../../plan/plan.ts';
import type {
  ClientRole,
  DecryptedPicture,
  EncryptedInput,
  ServerBackendName,
  ServerRole,
  SimulatorRole,
} from '../../protocol/contracts.ts';
import { type DistributedResult, runDistributed } from '../../protocol/distribute.ts';
import type { Proof } from '../../qr/prove.ts';
import type { ScanRequest, ScanRole } from '../../qr/scan-role.ts';
import { type ModelLoader, Plans, type ReadyPlan } from '../style/plans.ts';
import { limited, watch } from './limits.ts';
import type { CallLimits, WorkerFactory, WorkerHandle } from './workers.ts';

/** How to start a session. */
export interface SessionOptions {
  readonly workers: WorkerFactory;
  readonly loadModel: ModelLoader;
  /** Number of server workers. */
  readonly serverWorkers: number;
}

/** A server worker and the frames of evaluation keys it has been given. */
interface Server {
  readonly handle: WorkerHandle<ServerRole>;
  /** Weak: frames of keys that nobody needs any more weigh megabytes. */
  keys: WeakSet<Uint8Array>;
  /** Parameters and backend it was last opened for: another opening forgets its keys. */
  opening: string;
}

/** Limits of a call for a code: the longer its text, the longer everything takes. */
function limits(stage: ErrorStage, signal: AbortSignal | undefined): Omit<CallLimits, 'timeoutMs'> {
  return { stage, signal, advice: 'Try a shorter text, or try again.' };
}

/** One client, a pool of server workers and a scanner, alive until `close`. Keys live as long as the session. */
export class Session {
  readonly plans: Plans;
  readonly #options: SessionOptions;
  #client: WorkerHandle<ClientRole> | undefined;
  #scan: WorkerHandle<ScanRole> | undefined;
  #simulator: WorkerHandle<SimulatorRole> | undefined;
  #servers: Server[] = [];
  /** Frames of evaluation keys that go with the client's present secret key. */
  #keys: Uint8Array[] = [];
  #parameters = '';
  #unreportedKeyBytes = 0;
  #runs = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.plans = new Plans(options.loadModel, options.serverWorkers);
  }

  /** Has the client make the keys that `card` needs and this session lacks. */
  async prepareKeys(card: ModelCard, signal?: AbortSignal): Promise<{ keygenMs: number; keyBytes: number }> {
    const parameters = JSON.stringify(card.parameters);
    if (this.#client?.dead !== false || parameters !== this.#parameters) this.#keys = [];
    this.#parameters = parameters;
    const held = this.#keys;
    // Kept even if the run is stopped meanwhile: the client makes each key once.
    const client = this.#liveClient();
    const prepared = client.role.prepare(card).then((answer) => {
      if (answer.keys) held.push(answer.keys);
      this.#unreportedKeyBytes += answer.keys?.byteLength ?? 0;
      return answer;
    });
    const { keys, keygenMs } = await limited(prepared, [client], limits('keygen', signal));
    return { keygenMs, keyBytes: keys?.byteLength ?? 0 };
  }

  /** Bytes of the evaluation keys made since the last call of {@link reportKeys}: by this run, or ahead of it. */
  get keyBytes(): number {
    return this.#unreportedKeyBytes;
  }

  /** A run has been told of its keys. */
  reportKeys(): void {
    this.#unreportedKeyBytes = 0;
  }

  encrypt(card: ModelCard, values: Float32Array, signal?: AbortSignal): Promise<EncryptedInput> {
    const client = this.#liveClient();
    return limited(client.role.encrypt(card, values), [client], limits('encrypt', signal));
  }

  /**
   * Gives every server worker its share of `ready`'s plan, unless it has it.
   * @returns the backend in use: `seal` where `simd` does not run
   */
  async givePlan(
    { id, card, partition }: ReadyPlan,
    backend: ServerBackendName,
    signal?: AbortSignal,
  ): Promise<ServerBackendName> {
    const opening = JSON.stringify([card.parameters, backend]);
    const used = await this.#onServers('compile', signal, async (server, worker) => {
      const { role } = server.handle;
      if (server.opening !== opening) server.keys = new WeakSet();
      server.opening = opening;
      const actual = await role.open(card.parameters, backend);
      // Once stopped, the next run may open this worker for other parameters at any moment.
      throwIfAborted(signal, 'compile');
      if (await role.hasPlan(id)) return actual;
      throwIfAborted(signal, 'compile');
      await role.addPlan(id, partition.parts[worker]);
      return actual;
    });
    return used.includes('seal') ? 'seal' : 'simd';
  }

  /** Gives every server worker the evaluation keys it lacks. */
  async giveKeys(signal?: AbortSignal): Promise<void> {
    await this.#onServers('wire', signal, async ({ handle, keys }) => {
      for (const frame of this.#keys) {
        if (keys.has(frame)) continue;
        throwIfAborted(signal, 'wire');
        await handle.role.addKeys(frame);
        keys.add(frame);
      }
    });
  }

  #onServers<T>(
    stage: ErrorStage,
    signal: AbortSignal | undefined,
    task: (server: Server, worker: number) => Promise<T>,
  ): Promise<T[]> {
    const servers = this.#liveServers();
    const handles = servers.map(({ handle }) => handle);
    return limited(Promise.all(servers.map(task)), handles, limits(stage, signal));
  }

  /** Runs the plan on the encrypted inputs. */
  async evaluate(
    { id, partition }: ReadyPlan,
    inputs: readonly Uint8Array[],
    onProgress: (share: number) => void,
    signal?: AbortSignal,
  ): Promise<DistributedResult> {
    this.#runs += 1;
    const run = { runId: this.#runs, planId: id, partition, inputs, signal, onProgress };
    const handles = this.#liveServers().map(({ handle }) => handle);
    const stopWatching = watch(handles);
    try {
      return await limited(
        runDistributed(
          handles.map(({ role }) => role),
          run,
        ),
        handles,
        limits('server', signal),
      );
    } finally {
      stopWatching();
    }
  }

  decrypt(
    card: ModelCard,
    outputs: readonly Uint8Array[],
    reference: Float32Array | undefined,
    signal?: AbortSignal,
  ): Promise<DecryptedPicture> {
    const client = this.#liveClient();
    return limited(client.role.decryptPicture(card, outputs, reference), [client], limits('decrypt', signal));
  }

  /** The simulation of a plan, on plaintext slots: no keys, no ciphertexts. */
  simulate(
    { plan, card }: ReadyPlan,
    values: Float32Array,
    reference: Float32Array | undefined,
    signal?: AbortSignal,
  ): ReturnType<SimulatorRole['simulate']> {
    if (this.#simulator?.dead !== false) this.#simulator = this.#options.workers.simulator();
    const call = this.#simulator.role.simulate(plan, card, values, reference);
    return limited(call, [this.#simulator], limits('server', signal));
  }

  prove(request: ScanRequest, signal?: AbortSignal): Promise<Proof> {
    const scan = this.#liveScan();
    return limited(scan.role.prove(request), [scan], limits('scan', signal));
  }

  /** Starts the workers and has each load all it will need, so that the first run waits for less and fetches nothing. */
  async warm(): Promise<void> {
    const handles = [
      this.#liveClient(),
      this.#liveScan(),
      ...this.#liveServers().map(({ handle }) => handle),
    ];
    await limited(Promise.all(handles.map(({ role }) => role.warm())), handles, {
      ...limits('worker', undefined),
      // There is no text yet.
      advice: 'Try again.',
    });
  }

  /** Bytes of WebAssembly memory of the server workers, one by one. */
  serverMemoryBytes(): Promise<number[]> {
    return Promise.all(this.#liveServers().map(({ handle }) => handle.role.memoryBytes()));
  }

  /** Ends every worker; keys are gone with the client's. */
  close(): void {
    for (const handle of [this.#client, this.#scan, this.#simulator, ...this.#servers.map((s) => s.handle)]) {
      handle?.terminate();
    }
    this.#servers = [];
    this.#keys = [];
  }

  #liveClient(): WorkerHandle<ClientRole> {
    if (this.#client?.dead !== false) this.#client = this.#options.workers.client();
    return this.#client;
  }

  #liveScan(): WorkerHandle<ScanRole> {
    if (this.#scan?.dead !== false) this.#scan = this.#options.workers.scan();
    return this.#scan;
  }

  /** The pool, with a new worker in the place of each that has died. */
  #liveServers(): Server[] {
    this.#servers = Array.from({ length: this.#options.serverWorkers }, (_, index) => {
      const server = this.#servers[index];
      if (server && !server.handle.dead) return server;
      return { handle: this.#options.workers.server(), keys: new WeakSet(), opening: '' };
    });
    return this.#servers;
  }
}

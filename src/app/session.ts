// Joins the roles: starts the workers, hands the server role its keys and plans, replaces what has died.
import type { ErrorStage } from '../base/errors.ts';
import type { ModelCard } from '../plan/plan.ts';
import type {
  ClientRole,
  DecryptedPicture,
  EncryptedInput,
  ServerRole,
  SimulatorRole,
} from '../protocol/contracts.ts';
import { type DistributedResult, runDistributed } from '../protocol/distribute.ts';
import type { Proof } from '../qr/prove.ts';
import type { ScanRequest, ScanRole } from '../qr/scan-role.ts';
import { type ModelLoader, Plans, type ReadyPlan } from './plans.ts';
import { withLimits, type WorkerFactory, type WorkerHandle } from './workers.ts';

/** How to start a session. */
export interface SessionOptions {
  readonly workers: WorkerFactory;
  readonly loadModel: ModelLoader;
  /** Number of server workers. */
  readonly serverWorkers: number;
}

/** A server worker and what it has been given. */
interface Server {
  readonly handle: WorkerHandle<ServerRole>;
  readonly keys: Set<Uint8Array>;
  readonly plans: Set<string>;
}

/** How long any one call may take: version 40 needs a minute or two with the SEAL backend on a slow machine. */
const CALL_TIMEOUT_MS = 300_000;

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
    const { keys, keygenMs } = await limited(this.#clientRole().prepare(card), 'keygen', signal);
    if (keys) this.#keys.push(keys);
    return { keygenMs, keyBytes: keys?.byteLength ?? 0 };
  }

  encrypt(card: ModelCard, values: Float32Array, signal?: AbortSignal): Promise<EncryptedInput> {
    return limited(this.#clientRole().encrypt(card, values), 'encrypt', signal);
  }

  /** Gives every server worker the keys and its share of `ready`'s plan, as far as it lacks them. */
  async prepareServers({ id, card, partition }: ReadyPlan, signal?: AbortSignal): Promise<void> {
    const servers = this.#liveServers();
    const prepare = async ({ handle: { role }, keys, plans }: Server, worker: number): Promise<void> => {
      await role.open(card.parameters);
      for (const frame of this.#keys) {
        if (keys.has(frame)) continue;
        await role.addKeys(frame);
        keys.add(frame);
      }
      if (plans.has(id) && (await role.hasPlan(id))) return;
      await role.addPlan(id, partition.parts[worker]!);
      plans.add(id);
    };
    await limited(Promise.all(servers.map(prepare)), 'wire', signal);
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
    const roles = this.#liveServers().map(({ handle }) => handle.role);
    return limited(runDistributed(roles, run), 'server', signal);
  }

  decrypt(
    card: ModelCard,
    outputs: readonly Uint8Array[],
    reference: Float32Array | undefined,
    signal?: AbortSignal,
  ): Promise<DecryptedPicture> {
    return limited(this.#clientRole().decryptPicture(card, outputs, reference), 'decrypt', signal);
  }

  /** The simulation of a plan, on plaintext slots: no keys, no ciphertexts. */
  simulate(
    { plan, card }: ReadyPlan,
    values: Float32Array,
    reference: Float32Array | undefined,
    signal?: AbortSignal,
  ): ReturnType<SimulatorRole['simulate']> {
    if (this.#simulator?.dead !== false) this.#simulator = this.#options.workers.simulator();
    return limited(this.#simulator.role.simulate(plan, card, values, reference), 'server', signal);
  }

  prove(request: ScanRequest, signal?: AbortSignal): Promise<Proof> {
    return limited(this.#scanRole().prove(request), 'scan', signal);
  }

  /** Starts the workers and loads the decoders, so that the first run waits for less. */
  async warm(): Promise<void> {
    this.#clientRole();
    this.#liveServers();
    await limited(this.#scanRole().warm(), 'scan', undefined);
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

  #clientRole(): ClientRole {
    if (this.#client?.dead !== false) this.#client = this.#options.workers.client();
    return this.#client.role;
  }

  #scanRole(): ScanRole {
    if (this.#scan?.dead !== false) this.#scan = this.#options.workers.scan();
    return this.#scan.role;
  }

  /** The pool, with a new worker in the place of each that has died. */
  #liveServers(): Server[] {
    this.#servers = Array.from({ length: this.#options.serverWorkers }, (_, index) => {
      const server = this.#servers[index];
      if (server && !server.handle.dead) return server;
      return { handle: this.#options.workers.server(), keys: new Set(), plans: new Set() };
    });
    return this.#servers;
  }
}

function limited<T>(call: Promise<T>, stage: ErrorStage, signal: AbortSignal | undefined): Promise<T> {
  return withLimits(call, { signal, stage, timeoutMs: CALL_TIMEOUT_MS });
}

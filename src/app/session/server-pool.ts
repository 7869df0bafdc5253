// The server workers of a network's run: opened for its parameters, given keys and plans, replaced when one has died.
import type { ErrorStage } from '../../base/errors.ts';
import type { ParametersLiteral } from '../../params/parameters.ts';
import type { Partition } from '../../plan/partition.ts';
import type { ServerBackendName, ServerRole } from '../../protocol/contracts.ts';
import { limited } from './limits.ts';
import type { WorkerFactory, WorkerHandle } from './workers.ts';

/** A plan split over some of the workers, under a name of its own. */
export interface PlacedPlan {
  readonly planId: string;
  readonly partition: Partition;
}

/** Workers of the server role that share their keys. */
export class ServerPool {
  readonly #workers: WorkerFactory;
  readonly #size: number;
  readonly #advice: string;
  #servers: WorkerHandle<ServerRole>[] = [];
  #opening = '';
  #backend: ServerBackendName = 'simd';

  /** @param advice what to do when a worker takes too long */
  constructor(workers: WorkerFactory, size: number, advice: string) {
    this.#workers = workers;
    this.#size = size;
    this.#advice = advice;
  }

  get handles(): readonly WorkerHandle<ServerRole>[] {
    return this.#servers;
  }

  /**
   * Opens every worker for `parameters`.
   * @returns the backend in use, and whether the workers hold the keys they were given before
   */
  async open(
    parameters: ParametersLiteral,
    backend: ServerBackendName,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly backend: ServerBackendName; readonly hasKeys: boolean }> {
    const opening = JSON.stringify([parameters.polyModulusDegree, parameters.coeffModulusBits, backend]);
    const isOpen =
      opening === this.#opening &&
      this.#servers.length === this.#size &&
      this.#servers.every(({ dead }) => !dead);
    if (isOpen) return { backend: this.#backend, hasKeys: true };
    this.#opening = '';
    this.#servers = Array.from({ length: this.#size }, (_, index) => {
      const server = this.#servers[index];
      return server && !server.dead ? server : this.#workers.server();
    });
    // A session that is already open would keep the keys of an earlier secret key.
    await this.#onAll('compile', signal, (role) => role.close());
    const used = await this.#onAll('compile', signal, (role) => role.open(parameters, backend));
    this.#opening = opening;
    this.#backend = used.includes('seal') ? 'seal' : 'simd';
    return { backend: this.#backend, hasKeys: false };
  }

  /** Gives every worker a frame of evaluation keys. */
  async addKeys(frame: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    await this.#onAll('wire', signal, (role) => role.addKeys(frame));
  }

  /** Gives the workers from `first` on their parts of `placed`, unless they have them. */
  async givePlan(
    { planId, partition }: PlacedPlan,
    first: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const handles = this.#servers.slice(first, first + partition.parts.length);
    const calls = handles.map(async ({ role }, worker) => {
      if (!(await role.hasPlan(planId))) await role.addPlan(planId, partition.parts[worker]);
    });
    await limited(Promise.all(calls), handles, { stage: 'compile', signal, advice: this.#advice });
  }

  /** Forgets what the workers were opened for: the next opening starts with no keys. */
  forget(): void {
    this.#opening = '';
  }

  close(): void {
    for (const { terminate } of this.#servers) terminate();
    this.#servers = [];
    this.#opening = '';
  }

  #onAll<T>(
    stage: ErrorStage,
    signal: AbortSignal | undefined,
    task: (role: ServerRole) => Promise<T>,
  ): Promise<T[]> {
    const calls = this.#servers.map(({ role }) => task(role));
    return limited(Promise.all(calls), this.#servers, { stage, signal, advice: this.#advice });
  }
}

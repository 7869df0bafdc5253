// The client side whole: a client with its keys, a scanner, and a service behind its contract. Replaces what has died.
import type { Controls } from '../../base/controls.ts';
import { type ErrorStage, SealedError, throwIfAborted } from '../../base/errors.ts';
import { limited, watch, type WorkerHandle } from '../../base/worker-handle.ts';
import type { Card, Sha256 } from '../../protocol/card.ts';
import { decodeCard } from '../../protocol/card-codec.ts';
import type { ClientRole } from '../../protocol/client.ts';
import type { OperationTimes } from '../../protocol/evaluator.ts';
import type {
  CardOptions,
  EvaluationAnswer,
  EvaluationRequest,
  LocalService,
  ModelEntry,
  ModelFile,
  Simulation,
  SimulationRequest,
} from '../../protocol/service.ts';
import type { Explanation } from '../../plan/explanation.ts';
import type { Proof } from '../../qr/prove.ts';
import type { ScanRequest, ScanRole } from '../../qr/scan-role.ts';
import type { SessionWorkers } from './workers.ts';

/** A call that can be stopped, whatever its progress is told as. */
type Stoppable = Pick<Controls, 'signal'>;

/** How to start a session. */
export interface SessionOptions {
  readonly workers: SessionWorkers;
  /** What to do when a call takes too long: a sentence for whoever uses this session. */
  readonly advice: string;
}

/** A card that has been asked for, under its name. */
export interface NamedCard {
  readonly hash: Sha256;
  readonly bytes: Uint8Array;
  readonly card: Card;
  /** What it was asked for with, to ask again should the service forget it. */
  readonly options: CardOptions;
}

/** The keys of this session that its service has. */
interface KeySet {
  readonly name: string;
  readonly client: WorkerHandle<ClientRole>;
  readonly service: WorkerHandle<LocalService>;
  /** As {@link contextOf} says. */
  readonly context: string;
  /** Whether anything has been encrypted with it. */
  isUsed: boolean;
  /** Those made since a run has last asked, the secret key among them; and those that were there before. */
  made: KeyCount;
  reused: number;
  /** Of the run that it is for alone, from its first encryption on. */
  ended: PromiseWithResolvers<void> | undefined;
}

/** Keys and the bytes of their frames. */
interface KeyCount {
  readonly count: number;
  readonly bytes: number;
}

/** Keys that are ready for a run. */
export interface PreparedKeys {
  /** The name under which the service has them. */
  readonly keySet: string;
  readonly keygenMs: number;
}

/** What keys a run has used: those made for it, ahead of it or in it, and those that others have used before. */
export interface UsedKeys {
  /** Secret and evaluation keys. */
  readonly made: number;
  readonly reused: number;
  /** Bytes of the evaluation keys that were made. */
  readonly bytes: number;
}

/** What keys are for: parameters, and what the service computes with, since neither side reads the other's keys. */
function contextOf({ parameters, backend }: Card): string {
  return JSON.stringify([parameters, backend]);
}

// One frame of all keys of a large network could pass a gigabyte.
const KEYS_A_FRAME = 4;

// Files are kept in case the service dies: a person works with few at a time.
const MOST_FILES = 4;

/**
 * One client, one scanner and one service, alive until `close`. The keys of a picture serve that picture; a network's live
 * as long as their parameters are used.
 */
export class Session {
  readonly advice: string;
  readonly #workers: SessionWorkers;
  #client: WorkerHandle<ClientRole> | undefined;
  #service: WorkerHandle<LocalService> | undefined;
  #scan: WorkerHandle<ScanRole> | undefined;
  #keySet: KeySet | undefined;
  readonly #files = new Map<string, { file: ModelFile; service: WorkerHandle<LocalService> }>();
  #preparing: Promise<unknown> = Promise.resolve();

  constructor({ workers, advice }: SessionOptions) {
    this.#workers = workers;
    this.advice = advice;
  }

  /** The card of `model` under `options`. @throws SealedError whatever compiling throws */
  async card(model: string, options: CardOptions, controls: Controls = {}): Promise<NamedCard> {
    // It starts while the service plans.
    this.#liveClient();
    const loaded = this.#files.get(model);
    if (loaded && loaded.service !== this.#liveService()) await this.load(loaded.file, controls);
    const bytes = await this.#onService('compile', controls, (service) =>
      service.card(model, options, controls),
    );
    const card = decodeCard(bytes);
    const hash = await this.#onClient('compile', controls, (client) => client.open(bytes));
    return { hash, bytes, card, options };
  }

  /** Has a service that has forgotten `card` compile it again. */
  async renew({ card, options, hash }: NamedCard, controls: Stoppable): Promise<void> {
    const again = await this.card(card.model, options, controls);
    if (again.hash === hash) return;
    throw new SealedError('card-gone', 'The service has changed meanwhile: plan the run again.', {
      stage: 'compile',
    });
  }

  /** Gives the service a model file of the person's own. A new service in the place of one that died gets it again. */
  async load(file: ModelFile, controls: Controls = {}): Promise<ModelEntry> {
    const service = this.#liveService();
    const entry = await this.#onService('model', controls, (role) => role.load(file, controls));
    this.#files.delete(entry.id);
    this.#files.set(entry.id, { file, service });
    if (this.#files.size > MOST_FILES) this.#files.delete(this.#files.keys().next().value!);
    return entry;
  }

  /** What a card's plan is and will cost. */
  explain(card: NamedCard, controls: Controls = {}): Promise<Explanation> {
    return this.#about(card, 'compile', controls, (service) => service.explain(card.hash, controls));
  }

  /** What the backend's operations take on this machine. */
  measure(card: NamedCard, controls: Controls = {}): Promise<OperationTimes> {
    return this.#about(card, 'compile', controls, (service) => service.measure(card.hash, controls));
  }

  /** Predicted wall-clock milliseconds of evaluating `inputs` inputs. */
  predict(card: NamedCard, inputs: number, times?: OperationTimes): Promise<number> {
    return this.#about(card, 'compile', {}, (service) => service.predict(card.hash, inputs, times));
  }

  /** Evaluations that the service runs side by side. */
  async evaluators(): Promise<number> {
    return (await this.#onService('server', {}, (service) => service.capabilities())).evaluators;
  }

  /**
   * Has the client make the keys that `card` needs and the service lacks, and hands them over. `onProgress` is told the
   * share of them that is made.
   */
  async prepareKeys(card: NamedCard, controls: Controls<number> = {}): Promise<PreparedKeys> {
    // Two preparations at once would not know of each other's keys.
    const turn = this.#preparing.then(() => this.#prepareKeys(card, controls));
    this.#preparing = turn.catch(() => undefined);
    // A stop is heard at once; the few keys that are being made are finished and handed over, and the next run finds them.
    return await this.#limited([], 'keygen', controls, turn);
  }

  async #prepareKeys(card: NamedCard, { signal, onProgress }: Controls<number>): Promise<PreparedKeys> {
    // A run that has begun keeps its keys: those of the next take their place.
    await limited(this.#keySet?.ended?.promise ?? Promise.resolve(), [], {
      signal,
      stage: 'keygen',
      advice: this.advice,
    });
    throwIfAborted(signal, 'keygen');
    const keySet = this.#keySetFor(card) ?? (await this.#newKeySet(card));
    const { name, client, service } = keySet;
    let keygenMs = 0;
    let given = 0;
    for (let left = 1; left > 0;) {
      throwIfAborted(signal, 'keygen');
      try {
        const call = client.role.prepare(card.hash, KEYS_A_FRAME);
        const frame = await this.#limited([client], 'keygen', {}, call);
        keygenMs += frame.keygenMs;
        left = frame.left;
        if (!frame.keys) break;
        given += frame.made;
        const { count, bytes } = keySet.made;
        keySet.made = { count: count + frame.made, bytes: bytes + frame.keys.byteLength };
        const put = service.role.putKeys(card.hash, name, frame.keys);
        await this.#limited([service], 'wire', {}, put);
      } catch (error) {
        // The client may have made keys that have not arrived, and makes none twice: others take the place of them all.
        this.#forget(keySet);
        throw error;
      }
      onProgress?.(given / (given + left));
    }
    return { keygenMs, keySet: name };
  }

  /** The key set that serves `card`, while client and service live that have it. */
  #keySetFor({ card }: NamedCard): KeySet | undefined {
    const known = this.#keySet;
    const isAlive = known?.client === this.#liveClient() && known.service === this.#liveService();
    const isFresh = card.result.kind === 'tensor' || !known?.isUsed;
    const fits = known?.context === contextOf(card);
    return isAlive && isFresh && fits ? known : undefined;
  }

  /** Begins another key set in the place of the one before, with another secret key. */
  async #newKeySet({ bytes, card }: NamedCard): Promise<KeySet> {
    if (this.#keySet) this.#forget(this.#keySet);
    const client = this.#liveClient();
    // It gives out each key once: what the service lacks goes with another secret key.
    await this.#limited([client], 'keygen', {}, client.role.forget());
    await this.#limited([client], 'keygen', {}, client.role.open(bytes));
    this.#keySet = {
      name: crypto.randomUUID(),
      client,
      service: this.#liveService(),
      context: contextOf(card),
      isUsed: false,
      made: { count: 1, bytes: 0 },
      reused: 0,
      ended: undefined,
    };
    return this.#keySet;
  }

  #forget(keySet: KeySet): void {
    if (this.#keySet === keySet) this.#keySet = undefined;
    this.#drop(keySet);
    keySet.ended?.resolve();
  }

  /** Has the service let go of a key set, and waits for nothing: what it says to that is of no use to anyone. */
  #drop({ name, service }: KeySet): void {
    if (!service.dead) void service.role.drop(name).catch(() => undefined);
  }

  /**
   * Says that a run is about to encrypt with `keySet`, which is for it alone if `once`. @returns what is there of it
   * @throws SealedError `keys-gone`
   */
  useKeys(keySet: string, once: boolean): UsedKeys {
    const known = this.#checkKeys(keySet);
    known.isUsed = true;
    if (once) known.ended ??= Promise.withResolvers();
    const { made, reused } = known;
    known.reused += made.count;
    known.made = { count: 0, bytes: 0 };
    return { made: made.count, reused, bytes: made.bytes };
  }

  /** The answer is here: the service needs the keys no more, and is told so before anything is decrypted. */
  answered(keySet: string): void {
    if (this.#keySet?.name === keySet) this.#drop(this.#keySet);
  }

  /** The run is over that `keySet` was for alone: nothing is encrypted or decrypted with it any more. */
  endKeys(keySet: string): void {
    const known = this.#keySet;
    if (known?.name !== keySet || !known.ended) return;
    if (!known.client.dead) void known.client.role.forget().catch(() => undefined);
    this.#forget(known);
  }

  /** Throws unless the keys of `keySet` are still those of the client and the service. @throws SealedError `keys-gone` */
  #checkKeys(keySet: string): KeySet {
    const known = this.#keySet;
    if (known?.name === keySet && !known.service.dead && !known.client.dead) return known;
    throw new SealedError('keys-gone', 'The keys of this run are gone.', { stage: 'server' });
  }

  /** Runs a segment on the service, with the keys that were prepared. @throws SealedError `keys-gone`, `card-gone` */
  async evaluate(request: EvaluationRequest, controls: Controls<number>): Promise<EvaluationAnswer> {
    this.#checkKeys(request.keySet);
    const keySet = this.#keySet;
    const stopWatching = watch([this.#liveService()], ({ role }) => role.capabilities());
    try {
      return await this.#onService('server', controls, (service) => service.evaluate(request, controls));
    } catch (error) {
      if (keySet && error instanceof SealedError && error.code === 'keys-gone') this.#forget(keySet);
      throw error;
    } finally {
      stopWatching();
    }
  }

  /** A segment on plaintext. */
  simulate(
    card: NamedCard,
    request: Omit<SimulationRequest, 'card'>,
    controls: Controls,
  ): Promise<Simulation> {
    const whole = { ...request, card: card.hash };
    return this.#about(card, 'server', controls, (service) => service.simulate(whole, controls));
  }

  /** A call of the client role that needs the secret key of `keySet`. @throws SealedError `keys-gone` */
  async onClient<T>(
    keySet: string,
    stage: ErrorStage,
    controls: Stoppable,
    call: (client: ClientRole) => Promise<T>,
  ): Promise<T> {
    this.#checkKeys(keySet);
    return this.#onClient(stage, controls, call);
  }

  /** Corrects a picture and proves that it reads. */
  prove(request: ScanRequest, controls: Controls = {}): Promise<Proof> {
    if (this.#scan?.dead !== false) this.#scan = this.#workers.scan();
    return this.#limited([this.#scan], 'scan', controls, this.#scan.role.prove(request));
  }

  /** Starts the workers and has each load all it will need, so that the first run waits for less and fetches nothing. */
  async warm(): Promise<void> {
    if (this.#scan?.dead !== false) this.#scan = this.#workers.scan();
    const handles = [this.#liveClient(), this.#liveService(), this.#scan];
    const warming = Promise.all(handles.map(({ role }) => role.warm()));
    // Nobody has asked for anything yet that could be made smaller.
    await limited(warming, handles, { signal: undefined, stage: 'worker', advice: 'Try again.' });
  }

  /** Bytes of WebAssembly memory of the evaluators, one by one. */
  serverMemoryBytes(): Promise<number[]> {
    return this.#onService('server', {}, (service) => service.memoryBytes());
  }

  /** Ends every worker; keys are gone with the client's. */
  close(): void {
    for (const handle of [this.#client, this.#service, this.#scan]) handle?.terminate();
    this.#keySet?.ended?.resolve();
    this.#keySet = undefined;
  }

  #liveClient(): WorkerHandle<ClientRole> {
    if (this.#client?.dead !== false) this.#client = this.#workers.client();
    return this.#client;
  }

  #liveService(): WorkerHandle<LocalService> {
    if (this.#service?.dead !== false) this.#service = this.#workers.service();
    return this.#service;
  }

  #onClient<T>(stage: ErrorStage, controls: Stoppable, call: (client: ClientRole) => Promise<T>): Promise<T> {
    const handle = this.#liveClient();
    return this.#limited([handle], stage, controls, call(handle.role));
  }

  #onService<T>(
    stage: ErrorStage,
    controls: Stoppable,
    call: (service: LocalService) => Promise<T>,
  ): Promise<T> {
    const handle = this.#liveService();
    return this.#limited([handle], stage, controls, call(handle.role));
  }

  /** A call about `card`. A service that has forgotten it, or is a new one, compiles it again first. */
  async #about<T>(
    card: NamedCard,
    stage: ErrorStage,
    controls: Stoppable,
    call: (service: LocalService) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#onService(stage, controls, call);
    } catch (error) {
      if (!(error instanceof SealedError && error.code === 'card-gone')) throw error;
      await this.renew(card, controls);
      return await this.#onService(stage, controls, call);
    }
  }

  #limited<T>(
    handles: readonly WorkerHandle<unknown>[],
    stage: ErrorStage,
    { signal }: Stoppable,
    call: Promise<T>,
  ): Promise<T> {
    return limited(call, handles, { signal, stage, advice: this.advice });
  }
}

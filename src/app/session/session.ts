// The client side whole: a client with its keys, a scanner, and a service behind its contract. Replaces what has died.
import type { Controls } from '../../base/controls.ts';
import { type ErrorStage, SealedError, throwIfAborted } from '../../base/errors.ts';
import { limited, StoppableWorker, watch, type WorkerHandle } from '../../base/worker-handle.ts';
import { sha256Of } from '../../base/sha256.ts';
import { bindRequest } from '../../protocol/binding.ts';
import { decodeCard } from '../../protocol/card-codec.ts';
import type { ClientRole } from '../../protocol/client.ts';
import type { OperationTimes } from '../../protocol/evaluator.ts';
import type { OpenedRun, SentRequest } from '../../protocol/opened-run.ts';
import type {
  CardOptions,
  LocalService,
  ModelEntry,
  ModelFile,
  Simulation,
  SimulationRequest,
} from '../../protocol/service.ts';
import type { Explanation } from '../../plan/explanation.ts';
import type { Proof } from '../../qr/prove.ts';
import type { ScanRequest, ScanRole } from '../../qr/scan-role.ts';
import type {
  GivenAnswer,
  NamedCard,
  Noted,
  PreparedKeys,
  SegmentRequest,
  UsedKeys,
} from './segment-request.ts';
import {
  bindSeed,
  contextOf,
  dropAtService,
  type Gate,
  keyFrames,
  type KeySet,
  keysPerFrame,
  newGate,
} from './key-set.ts';
import type { SessionOptions, SessionWorkers } from './workers.ts';

export type { GivenAnswer, NamedCard, PreparedKeys, SegmentRequest, UsedKeys } from './segment-request.ts';

/** A call that can be stopped, whatever its progress is told as. */
type Stoppable = Pick<Controls, 'signal'>;

// Files are kept in case the service dies: a person works with few at a time.
const MOST_FILES = 4;

/**
 * One client, one scanner and one service, alive until `close`. The keys of a picture serve that picture; a network's live
 * as long as their parameters are used.
 */
export class Session {
  readonly advice: string;
  readonly #workers: SessionWorkers;
  readonly #gate: () => Gate;
  /** Frames that the service has given. */
  readonly #answers = new WeakSet<Uint8Array>();
  #client: WorkerHandle<ClientRole> | undefined;
  #service: WorkerHandle<LocalService> | undefined;
  readonly #scan: StoppableWorker<ScanRole>;
  #keySet: KeySet | undefined;
  readonly #files = new Map<string, { file: ModelFile; service: WorkerHandle<LocalService> }>();
  #preparing: Promise<unknown> = Promise.resolve();

  constructor({ workers, advice, gate = newGate }: SessionOptions) {
    this.#workers = workers;
    this.#scan = new StoppableWorker('listening', () => workers.scan());
    this.#gate = gate;
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
  predict(card: NamedCard, inputs: number, times?: OperationTimes, stop: Stoppable = {}): Promise<number> {
    return this.#about(card, 'compile', stop, (service) => service.predict(card.hash, inputs, times));
  }

  /** Evaluations that the service runs side by side. */
  async evaluators(controls: Stoppable = {}): Promise<number> {
    return (await this.#onService('server', controls, (service) => service.capabilities())).evaluators;
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
    const most = keysPerFrame(card.card);
    let keygenMs = 0;
    let given = 0;
    for (let left = 1; left > 0;) {
      throwIfAborted(signal, 'keygen');
      try {
        const call = client.role.prepare(card.hash, most);
        const frame = await this.#limited([client], 'keygen', {}, call);
        keygenMs += frame.keygenMs;
        left = frame.left;
        if (frame.keys) await keySet.gate.passKeys(frame.keys, card.card);
        const hash = frame.keys && (await sha256Of(frame.keys));
        keySet.prepared.push({ card: card.bytes, most, frame: hash });
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
    const seed = await this.#limited([client], 'keygen', {}, bindSeed(client.role));
    this.#keySet = {
      name: crypto.randomUUID(),
      client,
      service: this.#liveService(),
      context: contextOf(card),
      gate: this.#gate(),
      ...seed,
      prepared: [],
      requests: [],
      isUsed: false,
      isDropped: false,
      made: { count: 1, bytes: 0 },
      reused: 0,
      ended: undefined,
    };
    return this.#keySet;
  }

  #forget(keySet: KeySet): void {
    if (this.#keySet === keySet) this.#keySet = undefined;
    dropAtService(keySet);
    keySet.ended?.resolve();
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
    if (this.#keySet?.name === keySet) dropAtService(this.#keySet);
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

  /**
   * Opens the run that `keySet` is for alone, and that nothing was decrypted of: its key is gone with that.
   * @throws SealedError `keys-gone`, `wrong-state`
   */
  async reveal(
    keySet: string,
    { bytes }: NamedCard,
    controls: Stoppable,
  ): Promise<Omit<OpenedRun, 'inputs' | 'held'>> {
    const { commitment, page, prepared, requests } = this.#checkKeys(keySet);
    const own = await this.onClient(keySet, 'keygen', controls, (client) => client.reveal());
    return { commitment, page, own, card: bytes, prepared, requests };
  }

  /**
   * Runs a segment on the service, with the keys that were prepared. What is sent passes the gate first.
   * Whether the answer is one to this question is for the caller to ask (`requireBound`): the service is not to see it.
   * @throws SealedError `keys-gone`, `card-gone`
   */
  async evaluate(
    { card, segment, keySet: name, run, frames, siblings, group = { first: 0, inputs: 1 } }: SegmentRequest,
    controls: Controls<number>,
  ): Promise<GivenAnswer> {
    const keySet = this.#checkKeys(name);
    const sent: Noted<SentRequest> = { segment, group, frames: [], answer: [] };
    // Of a run that has keys of its own, which can be opened. Noted before anything else is encrypted.
    if (keySet.ended) keySet.requests.push(sent);
    if (!frames.every((frame) => this.#answers.has(frame)))
      await keySet.gate.passRequest(frames, card.card, segment);
    const bound = await bindRequest({ run, card: card.hash, segment, keys: keyFrames(keySet), frames });
    sent.frames = bound.frames;
    const request = { ...bound.binding, segment, keySet: name, frames, siblings };
    const stopWatching = watch([this.#liveService()], ({ role }) => role.capabilities());
    try {
      const answer = await this.#onService('server', controls, (service) =>
        service.evaluate(request, controls),
      );
      for (const frame of answer.frames) this.#answers.add(frame);
      // What a last answer says is nothing that a later request could depend on.
      if (segment < card.card.segments.length - 1) sent.answer = answer.frames;
      return { ...answer, asked: bound.binding };
    } catch (error) {
      if (error instanceof SealedError && error.code === 'keys-gone') this.#forget(keySet);
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

  /** Corrects a picture and proves that it reads. `onProgress` is told the share that is done. */
  prove(request: ScanRequest, controls: Controls<number> = {}): Promise<Proof> {
    const limits = { signal: controls.signal, stage: 'scan', advice: this.advice } as const;
    return this.#scan.call((scanner) => scanner.prove(request, controls), limits);
  }

  /** Starts the workers and has each load all it will need, so that the first run waits for less and fetches nothing. */
  async warm(): Promise<void> {
    const handles = [this.#liveClient(), this.#liveService(), this.#scan.living()];
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
    for (const handle of [this.#client, this.#service]) handle?.terminate();
    this.#scan.end();
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

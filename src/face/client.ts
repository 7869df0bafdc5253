// `sealed-qr/client`: the client side over any service, near or far. There is no compiler and no evaluator in it.
import '../base/dispose-symbols.ts';
import { clientWorkers } from '#platform/client';
import { runSealed, type RunOutcome } from '../app/session/run.ts';
import { type NamedCard, Session } from '../app/session/session.ts';
import { type RunControls, Stages } from '../app/session/stages.ts';
import type { RunExpectation } from '../app/session/run-expectation.ts';
import type { SessionWorkers } from '../app/session/workers.ts';
import { StyleSession } from '../app/style/style-session.ts';
import { WithheldTexts } from '../app/style/withheld-texts.ts';
import { SealedError } from '../base/errors.ts';
import type { WorkerHandle } from '../base/worker-handle.ts';
import type { CardOptions, Capabilities, LocalService, ModelEntry, Service } from '../protocol/service.ts';
import { StylingSession } from './styling.ts';

export { SealedError } from '../base/errors.ts';
export type { Controls } from '../base/controls.ts';
export type { NamedCard } from '../app/session/session.ts';
export type { RunOutcome } from '../app/session/run.ts';
export type { RunBytes, RunControls, RunTimings, StageEvent } from '../app/session/stages.ts';
export type { ServerBackendName } from '../protocol/backends.ts';
export type { Card, Sha256 } from '../protocol/card.ts';
export type {
  ClientInterface,
  Expectation,
  InputLayout,
  OutputLayout,
  ResultInterface,
  SegmentInterface,
} from '../plan/client-interface.ts';
export type { Explanation } from '../plan/explanation.ts';
export type { RunExpectation, SegmentExpectation } from '../app/session/run-expectation.ts';
export type { AnswerBinding, RequestBinding } from '../protocol/binding.ts';
export type { Expected, InputGroup } from '../protocol/client.ts';
export type { OpenedRun, PreparedCall, SentRequest } from '../protocol/opened-run.ts';
export type { Picture } from '../plan/finish.ts';
export type { Preference, PriceWeights } from '../plan/preference.ts';
export type { ParametersLiteral } from '../params/parameters.ts';
export type { StageName } from '../app/session/stages.ts';
export { decodeCard, encodeCard } from '../protocol/card-codec.ts';
export type {
  Capabilities,
  CardOptions,
  EvaluationAnswer,
  EvaluationRequest,
  ModelEntry,
  ModelFile,
  NetworkOptions,
  Service,
  StyleOptions as StyleCardOptions,
} from '../protocol/service.ts';
export { StylingSession, type StyledFiles, type StyleOptions } from './styling.ts';

/** Options of {@link Client.run}. */
export interface RunOptions extends RunControls {
  /** Whether the run has keys of its own, as a picture's always has. */
  readonly freshKeys?: boolean;
  /** What the values must be, where the caller knows the model. */
  readonly expected?: RunExpectation;
}

/** A client of one service: keys, encryption, decryption, and the proof of styled codes. */
export class Client implements Disposable {
  readonly #service: Service;
  readonly #workers: SessionWorkers;
  readonly #session: Session;
  /** For all of its styling: what a text failed with stays with the service. */
  readonly #withheld = new WithheldTexts();

  /** @internal */
  constructor(service: Service, workers: SessionWorkers) {
    this.#service = service;
    this.#workers = workers;
    this.#session = new Session({ workers, advice: 'Try again, or a smaller model.' });
  }

  /** What the service can do. */
  capabilities(): Promise<Capabilities> {
    return this.#service.capabilities();
  }

  /** The models that the service offers. */
  models(): Promise<readonly ModelEntry[]> {
    return this.#service.models();
  }

  /** The card of `model` under public options, checked. @throws SealedError `malformed-frame`, `insecure-parameters` */
  card(model: string, options: CardOptions): Promise<NamedCard> {
    return this.#session.card(model, options);
  }

  /**
   * Runs a card on inputs, each in C order: keys, encryption, evaluation by the service, decryption. Nothing here knows the
   * model: what the answer must be is for the caller to say, or not checked. Outputs are raw values, for their owner alone.
   *
   * @throws SealedError `aborted`, `invalid-argument` for inputs of another size, or whatever a role throws
   */
  run(
    card: NamedCard,
    inputs: readonly Float32Array[],
    { freshKeys, expected, ...controls }: RunOptions = {},
  ): Promise<RunOutcome> {
    return runSealed(this.#session, { card, inputs, freshKeys, expected }, new Stages(controls));
  }

  /** A session for styled codes over the same service, to be closed by itself. */
  styling(): StylingSession {
    return new StylingSession(new StyleSession(this.#workers, undefined, this.#withheld));
  }

  /** Ends the workers; the keys are gone with the client's. */
  close(): void {
    this.#session.close();
  }

  /** The same as {@link Client.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A client of `service`: of one in this program (`openService` of `sealed-qr/engine`), or of anything else that keeps the
 * contract, for example across a network.
 *
 * @example
 * ```ts
 * using client = openClient(service);
 * const [model] = await client.models();
 * ```
 */
export function openClient(service: Service): Client {
  return new Client(service, { ...clientWorkers, service: () => handleOn(service) });
}

/** `service` as a session holds one: what only a local service does is refused. */
function handleOn(service: Service): WorkerHandle<LocalService> {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new SealedError('wrong-state', 'Only a service in this program does that.', { stage: 'wire' }),
    );
  let dead = false;
  const role: LocalService = {
    capabilities: (controls) => service.capabilities(controls),
    models: (controls) => service.models(controls),
    card: (model, options, controls) => service.card(model, options, controls),
    putKeys: (card, keySet, frame, controls) => service.putKeys(card, keySet, frame, controls),
    evaluate: (request, controls) => service.evaluate(request, controls),
    drop: (keySet) => service.drop(keySet),
    load: (file, controls) => service.load(file, controls),
    explain: (card, controls) => service.explain(card, controls),
    warm: () => Promise.resolve(),
    simulate: refuse,
    measure: refuse,
    predict: refuse,
    memoryBytes: refuse,
  };
  return {
    role,
    get dead() {
      return dead;
    },
    terminate: () => void (dead = true),
  };
}

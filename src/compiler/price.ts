// What a run takes in all, and which of two forms is the better one: evaluation, keys, request and answer, by measured costs.
import type { Parameters } from '../params/parameters.ts';
import { CLIENT_COSTS } from '../plan/cost-tables.ts';
import type { CostTable } from '../plan/counts.ts';
import type { RunPrice } from '../plan/explanation.ts';
import { type Preference, type PriceWeights, weightsOf } from '../plan/preference.ts';
import type { Plan } from '../plan/plan.ts';
import {
  answerWireBytes,
  inputWireBytes,
  type KeySet,
  keysOf,
  keyWireBytes,
  sumOverKeys,
} from '../plan/sizes.ts';
import { batchOf, type Prediction, type SegmentEnds } from './predict.ts';

/** Bytes on the line. */
function wireMs(bytes: number): number {
  return bytes / CLIENT_COSTS.bytesPerMs;
}

/** Making a key for `level` that takes `ms` at the parameters that were measured: it switches every digit under every prime. */
function keyMs(ms: number, level: number, { polyModulusDegree }: Parameters): number {
  const work = (digits: number): number => digits * (digits + 1);
  const share = work(level + 1) / work(CLIENT_COSTS.dataPrimes);
  return (ms * share * polyModulusDegree) / CLIENT_COSTS.polyModulusDegree;
}

/** Encrypting a ciphertext of `primes` primes. */
function encryptMs(primes: number, degree: number): number {
  const { encrypt, dataPrimes, polyModulusDegree } = CLIENT_COSTS;
  return (encrypt * primes * degree) / (dataPrimes * polyModulusDegree);
}

/** Encrypting and sending a ciphertext of `primes` primes. */
function requestMs(primes: number, parameters: Parameters): number {
  return encryptMs(primes, parameters.polyModulusDegree) + wireMs(inputWireBytes(parameters, primes - 1));
}

/** What the search for layouts counts besides the evaluation. */
export interface SearchPrices {
  /** One more input ciphertext of `primes` primes. */
  readonly input: (primes: number) => number;
  /** One more rotation key, in a stage of `primes` primes. */
  readonly key: (primes: number) => number;
}

// Layouts are chosen for fast runs: a key, once a session, counts as a share of one giant step in every run. Who wants the
// fastest run takes many more keys for it.
const FAST_KEY_SHARE = { balanced: 0.3, latency: 0.03 } as const;

/**
 * What one more input and one more key are worth to who prefers `prefer`: their price by its weights, or a small share of it
 * where keys are no matter.
 */
export function searchPrices(
  prefer: Preference | PriceWeights,
  parameters: Parameters,
  costs: CostTable,
): SearchPrices {
  const { polyModulusDegree: degree, slots } = parameters;
  if (prefer === 'latency' || prefer === 'balanced') {
    return {
      input: (primes) => encryptMs(primes, degree),
      key: (primes) => FAST_KEY_SHARE[prefer] * costs.rotate(primes, slots),
    };
  }
  const { requestMs: request, keysMs } = weightsOf(prefer);
  const key = (level: number): number =>
    keyMs(CLIENT_COSTS.galoisKey, level, parameters) + wireMs(keyWireBytes(parameters, level));
  return {
    input: (primes) => request * requestMs(primes, parameters),
    key: (primes) => keysMs * key(primes - 1),
  };
}

/** Bytes of all keys of `segments` on the wire. @param whole whether they travel whole, see {@link keysOf} */
export function keyBytesOf(segments: readonly { readonly plan: Plan }[], whole?: boolean): number {
  const plans = segments.map(({ plan }) => plan);
  const [{ parameters }] = plans;
  return sumOverKeys(keysOf(plans, whole), (level) => keyWireBytes(parameters, level));
}

/** Making and sending keys. */
function keysMsOf({ relinearization, rotations }: KeySet, parameters: Parameters): number {
  let ms = 0;
  const add = (typical: number, level: number): void => {
    ms += keyMs(typical, level, parameters) + wireMs(keyWireBytes(parameters, level));
  };
  if (relinearization !== undefined) add(CLIENT_COSTS.relinearisationKey, relinearization);
  for (const level of rotations.values()) add(CLIENT_COSTS.galoisKey, level);
  return ms;
}

/** What making and sending keys counts for in a run by `prefer`, in milliseconds. */
export function weighedKeysMs(
  rotations: number,
  relinearize: boolean,
  parameters: Parameters,
  prefer: Preference | PriceWeights,
): number {
  const { maxLevel } = parameters;
  const keys: KeySet = {
    relinearization: relinearize ? maxLevel : undefined,
    rotations: new Map(Array.from({ length: rotations }, (_, step) => [step, maxLevel])),
  };
  return weightsOf(prefer).keysMs * keysMsOf(keys, parameters);
}

/** The price of a run through `segments`, which share `parameters`. */
export function priceOf(
  segments: readonly {
    readonly plan: Plan;
    readonly card: SegmentEnds;
    readonly prediction: Prediction;
  }[],
  parameters: Parameters,
  wholeKeys?: boolean,
): RunPrice {
  const { polyModulusDegree: degree } = parameters;
  const decryptMs = (CLIENT_COSTS.decrypt * degree) / CLIENT_COSTS.polyModulusDegree;
  let [evaluateMs, request, response] = [0, 0, 0];
  for (const { card, prediction } of segments) {
    const share = 1 / batchOf(card);
    const { input, output } = card;
    const primes = output.level + 1;
    evaluateMs += share * prediction.evaluateMs;
    request += share * input.count * requestMs(input.level + 1, parameters);
    response +=
      share * output.count * (decryptMs * primes + wireMs(answerWireBytes(parameters, output.level)));
  }
  const keys = keysOf(
    segments.map(({ plan }) => plan),
    wholeKeys,
  );
  return {
    evaluateMs,
    keysMs: keysMsOf(keys, parameters),
    requestMs: request,
    responseMs: response,
  };
}

/** The parts of `price` weighed by `prefer`, in milliseconds. */
export function weighed(price: RunPrice, prefer: Preference | PriceWeights): number {
  const weights = weightsOf(prefer);
  return (Object.keys(weights) as (keyof RunPrice)[]).reduce(
    (sum, part) => sum + weights[part] * price[part],
    0,
  );
}

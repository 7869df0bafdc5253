// What a run takes in all, and which of two forms is the better one: evaluation, keys, request and answer, by measured costs.
import type { Parameters } from '../params/parameters.ts';
import { CLIENT_COSTS } from '../plan/cost-tables.ts';
import type { CostTable } from '../plan/counts.ts';
import type { RunPrice } from '../plan/explanation.ts';
import { answerWireBytes, inputWireBytes, keyWireBytes } from '../plan/sizes.ts';
import { batchOf, type Prediction, type SegmentEnds } from './predict.ts';

/** What a caller prefers where one cost stands against another. */
export type Preference = 'latency' | 'small-keys' | 'balanced';

/** How much each part of a {@link RunPrice} counts. */
type Weights = Readonly<Record<keyof RunPrice, number>>;

const WEIGHTS: Readonly<Record<Preference, Weights>> = {
  // Keys that were made long before the run.
  latency: { evaluateMs: 1, keysMs: 0.01, requestMs: 1, responseMs: 1 },
  // Keys that serve some runs.
  balanced: { evaluateMs: 1, keysMs: 0.1, requestMs: 1, responseMs: 1 },
  // Keys made for this run alone.
  'small-keys': { evaluateMs: 1, keysMs: 1, requestMs: 1, responseMs: 1 },
};

/** Bytes on the line. */
function wireMs(bytes: number): number {
  return bytes / CLIENT_COSTS.bytesPerMs;
}

/** Making a key that takes `ms` at the parameters that were measured: it switches every digit under every prime. */
function keyMs(ms: number, { polyModulusDegree, maxLevel }: Parameters): number {
  const work = (digits: number): number => digits * (digits + 1);
  const share = work(maxLevel + 1) / work(CLIENT_COSTS.dataPrimes);
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

// Layouts are chosen for fast runs: a key, once a session, counts as a share of one giant step in every run.
const FAST_KEY_SHARE = 0.3;

/** What one more input and one more key are worth to who prefers `prefer`: their price, or a small share of it. */
export function searchPrices(prefer: Preference, parameters: Parameters, costs: CostTable): SearchPrices {
  const { polyModulusDegree: degree, slots } = parameters;
  if (prefer !== 'small-keys') {
    return {
      input: (primes) => encryptMs(primes, degree),
      key: (primes) => FAST_KEY_SHARE * costs.rotate(primes, slots),
    };
  }
  const { requestMs: request, keysMs } = WEIGHTS[prefer];
  const key = keyMs(CLIENT_COSTS.galoisKey, parameters) + wireMs(keyWireBytes(parameters));
  return { input: (primes) => request * requestMs(primes, parameters), key: () => keysMs * key };
}

/** The rotation keys that `segments` share: each once. */
function sharedSteps(segments: readonly SegmentEnds[]): number[] {
  const steps = new Set(segments.flatMap(({ rotationSteps }) => rotationSteps));
  return [...steps].sort((a, b) => a - b);
}

/** Bytes of all keys of `segments`. */
export function keyBytesOf(segments: readonly SegmentEnds[], parameters: Parameters): number {
  const relinearize = segments.some((segment) => segment.relinearize) ? 1 : 0;
  return (sharedSteps(segments).length + relinearize) * keyWireBytes(parameters);
}

/** Making keys, and sending `bytes` of them. */
function keysMsOf(rotations: number, relinearize: boolean, bytes: number, parameters: Parameters): number {
  const making = rotations * keyMs(CLIENT_COSTS.galoisKey, parameters);
  const besides = relinearize ? keyMs(CLIENT_COSTS.relinearisationKey, parameters) : 0;
  return making + besides + wireMs(bytes);
}

/** What making and sending keys counts for in a run by `prefer`, in milliseconds. */
export function weighedKeysMs(
  rotations: number,
  relinearize: boolean,
  parameters: Parameters,
  prefer: Preference,
): number {
  const bytes = (rotations + Number(relinearize)) * keyWireBytes(parameters);
  return WEIGHTS[prefer].keysMs * keysMsOf(rotations, relinearize, bytes, parameters);
}

/** The price of a run through `segments`, which share `parameters`. */
export function priceOf(
  segments: readonly { readonly card: SegmentEnds; readonly prediction: Prediction }[],
  parameters: Parameters,
): RunPrice {
  const cards = segments.map(({ card }) => card);
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
  const relinearize = cards.some((card) => card.relinearize);
  const keyBytes = keyBytesOf(cards, parameters);
  return {
    evaluateMs,
    keysMs: keysMsOf(sharedSteps(cards).length, relinearize, keyBytes, parameters),
    requestMs: request,
    responseMs: response,
  };
}

/** The parts of `price` weighed by `prefer`, in milliseconds. */
export function weighed(price: RunPrice, prefer: Preference): number {
  const weights = WEIGHTS[prefer];
  return (Object.keys(weights) as (keyof RunPrice)[]).reduce(
    (sum, part) => sum + weights[part] * price[part],
    0,
  );
}

// What a run takes in all, and which of two forms is the better one: evaluation, keys, request and answer, by measured costs.
import type { Parameters } from '../params/parameters.ts';
import type { RunPrice } from '../plan/explanation.ts';
import {
  batchOf,
  ciphertextBytes,
  evaluationKeyBytes,
  type Prediction,
  type SegmentEnds,
} from './predict.ts';

/** What a caller prefers where one cost stands against another. */
export type Preference = 'latency' | 'small-keys' | 'balanced';

/*
 * Measured at N = 8192 with 6 data primes, and with 1 for the answer. A plan must not depend on the machine it is made on:
 * these stand for a typical client and a typical line.
 */
const MEASURED_DEGREE = 8192;
const MEASURED_PRIMES = 6;
const GALOIS_KEY_MS = 24;
const RELINEARISATION_KEY_MS = 28;
const ENCRYPT_MS = 5.3;
const DECRYPT_MS = 0.7;
const BYTES_PER_MS = 20_000;

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

/** A key switches every digit under every prime and the special one. */
function keyMs(ms: number, { polyModulusDegree, maxLevel }: Parameters): number {
  const digits = maxLevel + 1;
  const work = (digits * (digits + 1)) / (MEASURED_PRIMES * (MEASURED_PRIMES + 1));
  return (ms * work * polyModulusDegree) / MEASURED_DEGREE;
}

/** The rotation keys that `segments` share: each once. */
function sharedSteps(segments: readonly SegmentEnds[]): number[] {
  const steps = new Set(segments.flatMap(({ rotationSteps }) => rotationSteps));
  return [...steps].sort((a, b) => a - b);
}

/** Bytes of all keys of `segments`. */
export function keyBytesOf(segments: readonly SegmentEnds[], parameters: Parameters): number {
  const relinearize = segments.some((segment) => segment.relinearize) ? 1 : 0;
  return (sharedSteps(segments).length + relinearize) * evaluationKeyBytes(parameters);
}

/** What making and sending keys counts for in a run by `prefer`, in milliseconds. */
export function weighedKeysMs(
  rotations: number,
  relinearize: boolean,
  parameters: Parameters,
  prefer: Preference,
): number {
  const making =
    rotations * keyMs(GALOIS_KEY_MS, parameters) +
    (relinearize ? keyMs(RELINEARISATION_KEY_MS, parameters) : 0);
  const bytes = (rotations + Number(relinearize)) * evaluationKeyBytes(parameters);
  return WEIGHTS[prefer].keysMs * (making + bytes / BYTES_PER_MS);
}

/** The price of a run through `segments`, which share `parameters`. */
export function priceOf(
  segments: readonly { readonly card: SegmentEnds; readonly prediction: Prediction }[],
  parameters: Parameters,
): RunPrice {
  const cards = segments.map(({ card }) => card);
  const size = parameters.polyModulusDegree / MEASURED_DEGREE;
  const wire = (bytes: number): number => bytes / BYTES_PER_MS;
  const ciphertextMs = (level: number): number =>
    wire(ciphertextBytes(parameters.polyModulusDegree, level + 1, 2));
  let [evaluateMs, requestMs, responseMs] = [0, 0, 0];
  for (const { card, prediction } of segments) {
    const share = 1 / batchOf(card);
    const { input, output } = card;
    const encryptMs = (ENCRYPT_MS * size * (input.level + 1)) / MEASURED_PRIMES;
    const decryptMs = DECRYPT_MS * size * (output.level + 1);
    evaluateMs += share * prediction.evaluateMs;
    requestMs += share * input.count * (encryptMs + ciphertextMs(input.level));
    responseMs += share * output.count * (decryptMs + ciphertextMs(output.level));
  }
  const making =
    sharedSteps(cards).length * keyMs(GALOIS_KEY_MS, parameters) +
    (cards.some(({ relinearize }) => relinearize) ? keyMs(RELINEARISATION_KEY_MS, parameters) : 0);
  return { evaluateMs, keysMs: making + wire(keyBytesOf(cards, parameters)), requestMs, responseMs };
}

/** The parts of `price` weighed by `prefer`, in milliseconds. */
export function weighed(price: RunPrice, prefer: Preference): number {
  const weights = WEIGHTS[prefer];
  return (Object.keys(weights) as (keyof RunPrice)[]).reduce(
    (sum, part) => sum + weights[part] * price[part],
    0,
  );
}

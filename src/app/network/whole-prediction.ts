// What a person waits for, before anything is encrypted: keys, their hand-over, the first run, every run after it.
import type { Explanation } from '../../plan/explanation.ts';
import type { OperationTimes } from '../../protocol/evaluator.ts';

/** Predicted wall-clock milliseconds. */
export interface WholePrediction {
  /** Secret and evaluation keys, once a session, at the client. */
  readonly keysMs: number;
  /** Once as well, at the service: it unpacks keys and encodes weights. */
  readonly handOverMs: number;
  /** The first run: keys, their hand-over, and then what every run takes. */
  readonly firstMs: number;
  /** Every run after it: encryption, evaluation, decryption, and the network's delay. */
  readonly warmMs: number;
  /** How often a run goes to the service and back: once, and once more for each round with the client. */
  readonly exchanges: number;
  /** To the service and back, as it was given: 0 where both are on one machine. */
  readonly delayMs: number;
}

/** What prices count for bytes on the line (CLIENT_COSTS), which is no part of a run on one machine: bytes per millisecond. */
export const PRICED_LINE = 20_000;

// Unpacking keys and expanding their seeds, and encoding weights: bench/whole-runs.ts, in milliseconds for 10^6 bytes.
const UNPACK_MS_PER_MB = 10;
const ENCODE_MS_PER_MB = 6;

// A rotation under five primes at N = 8192 on the machine that prices are of, as cost-tables.ts has it (simd).
const TYPICAL_ROTATION = { ms: 1.04, primes: 5, slots: 4096 } as const;

/** How many times as long as on the machine that prices are of work takes here: 1 where nothing was measured. */
function slownessOf(times: OperationTimes | null, backend: 'simd' | 'seal'): number {
  // SEAL's rotations say nothing of the client's kernel.
  if (!times || backend === 'seal') return 1;
  const digits = (primes: number): number => primes * (primes + 1);
  const { ms, primes, slots } = TYPICAL_ROTATION;
  const typical = (ms * digits(times.primes) * times.slots) / (digits(primes) * slots);
  return times.rotate / typical;
}

/** What a run of `inputs` inputs is predicted from. */
export interface PredictionBasis {
  readonly explanation: Pick<Explanation, 'price' | 'keyBytes' | 'segments' | 'rounds'>;
  readonly inputs: number;
  /** All evaluation of the run, on this machine. */
  readonly evaluateMs: number;
  readonly times: OperationTimes | null;
  readonly backend: 'simd' | 'seal';
  /** Milliseconds to the service and back. */
  readonly delayMs: number;
}

/** Predicts all that a person waits for. */
export function predictWhole(basis: PredictionBasis): WholePrediction {
  const { explanation, inputs, evaluateMs, times, backend, delayMs } = basis;
  const { price, keyBytes, segments, rounds } = explanation;
  const slowness = slownessOf(times, backend);
  const weights = segments.reduce((sum, { diagonalBytes }) => sum + diagonalBytes, 0);
  // For one input of a full batch, as prices are.
  const wire = segments.reduce(
    (sum, { inputBytes, outputBytes, batch }) => sum + (inputBytes + outputBytes) / batch,
    0,
  );
  const atClient = Math.max(0, price.requestMs + price.responseMs - wire / PRICED_LINE);
  const exchanges = rounds + 1;
  const keysMs = Math.max(0, price.keysMs - keyBytes / PRICED_LINE) * slowness;
  const handOverMs = ((keyBytes * UNPACK_MS_PER_MB + weights * ENCODE_MS_PER_MB) / 1e6) * slowness;
  const warmMs = atClient * inputs * slowness + evaluateMs + exchanges * delayMs;
  // Keys go to the service before the first request, and it says that it has them.
  const firstMs = keysMs + handOverMs + delayMs + warmMs;
  return { keysMs, handOverMs, firstMs, warmMs, exchanges, delayMs };
}

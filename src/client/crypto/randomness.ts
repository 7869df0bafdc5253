// The system's randomness: drawn once per secret key, and only where it is the system's.
import { SealedError } from '../../base/errors.ts';
import { SEED_BYTES, type SeedSource } from './seeds.ts';

// Taken before anything that comes later can have put another in their place.
const sourceText = Function.prototype.call.bind(Reflect.get(Function.prototype, 'toString')) as (
  of: unknown,
) => string;
const current = (): unknown => Reflect.get(crypto, 'getRandomValues');
const atStart = current();

/** Whether `crypto` gives what the system gives, as far as a script can tell. */
function isSystems(): boolean {
  if (current() !== atStart || Object.hasOwn(crypto, 'getRandomValues')) return false;
  // Node's is JavaScript around the system's call; a browser's is the browser's own.
  const inNode = Object.hasOwn(globalThis, 'process') && !Object.hasOwn(globalThis, 'WorkerGlobalScope');
  return inNode || sourceText(atStart).includes('[native code]');
}

/** Whether 4096 bytes look like fair coins: a bit is set half of the time, within seven standard deviations. */
function looksRandom(bytes: Uint8Array): boolean {
  let ones = 0;
  for (const byte of bytes) for (let bits = byte; bits > 0; bits >>= 1) ones += bits & 1;
  return Math.abs(ones - 4 * bytes.length) < 7 * Math.sqrt(2 * bytes.length);
}

/**
 * The bytes of a master seed from the system.
 * @throws SealedError `wrong-state` where the source has been replaced, or gives what no system gives
 */
export function drawSeed(): Uint8Array<ArrayBuffer> {
  if (!isSystems()) throw noKeys('The source of random numbers has been replaced');
  const [first, second] = [0, 0].map(() => crypto.getRandomValues(new Uint8Array(4096)));
  if (!looksRandom(first) || !looksRandom(second) || first.every((byte, i) => byte === second[i])) {
    throw noKeys('The system’s random numbers are not random');
  }
  first.fill(0);
  const seed = second.slice(0, SEED_BYTES);
  second.fill(0);
  return seed;
}

function noKeys(reason: string): SealedError {
  return new SealedError('wrong-state', `${reason}: no keys are made. Reload the page without extensions.`, {
    stage: 'keygen',
  });
}

/**
 * Runs `work` with a `crypto` that gives seeds of `seeds`, byte after byte: how Microsoft SEAL, which draws seeds of 64
 * bytes in pieces of 4 and has no other way in, is told its randomness.
 */
export function withRandomness<T>(seeds: SeedSource, work: () => T): T {
  const seed = new Uint8Array(SEED_BYTES);
  let left = 0;
  const derived = <T extends ArrayBufferView>(view: T): T => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let i = 0; i < bytes.length; i += 1) {
      if (left === 0) {
        seeds.next().spend(seed);
        left = SEED_BYTES;
      }
      bytes[i] = seed[SEED_BYTES - left];
      left -= 1;
    }
    return view;
  };
  // What a frozen prototype has cannot be replaced by setting it.
  Object.defineProperty(crypto, 'getRandomValues', { value: derived, configurable: true });
  try {
    return work();
  } finally {
    Reflect.deleteProperty(crypto, 'getRandomValues');
    seed.fill(0);
  }
}

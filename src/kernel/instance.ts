// One instance of the kernel: its parameters, its memory, and the checks that everything else builds on.
import { SealedError } from '../base/errors.ts';
import { log2 } from '../base/exact-math.ts';
import type { KernelExports, Pointer } from './exports.ts';

/** What a kernel is made for. */
export interface KernelOptions {
  /** Ring degree N: a power of two from 1024 to 32768. */
  readonly polyModulusDegree: number;
  /** Distinct primes below 2^30, each 1 mod 2N: the data primes q_0, q_1, ... and, last, the special prime P. */
  readonly primes: readonly number[];
  /** Upper bound of the kernel's whole memory; 4 GiB - 64 KiB, the most there can be, unless told. */
  readonly maxMemoryBytes?: number;
}

/** What the kernel holds. Handles are everything the caller has to dispose; tables and scratch come on top. */
export interface KernelMemory {
  readonly handles: number;
  readonly handleBytes: number;
  /** Live bytes of the arena, tables and scratch included, and their peak. */
  readonly liveBytes: number;
  readonly peakBytes: number;
  /** Size of the linear memory (it never shrinks) and its bound. */
  readonly reservedBytes: number;
  readonly maxBytes: number;
}

const PAGE = 65536;
const MOST_PRIMES = 17;

/** A kernel for one set of parameters. Not shared between threads; holds no secret, and can neither sample nor decrypt. */
export class KernelInstance {
  readonly polyModulusDegree: number;
  readonly primes: readonly number[];
  /** Number of data primes: all but the special one. */
  readonly dataPrimes: number;
  /** Bytes from one row of residues to the next. */
  readonly rowBytes: number;
  readonly raw: KernelExports;
  readonly #maxBytes: number;
  #handles = 0;
  #handleBytes = 0;
  #scratch: { pointer: Pointer; bytes: number } = { pointer: 0, bytes: 0 };
  #view: Uint8Array;

  /** Use {@link createKernel}. */
  constructor(raw: KernelExports, options: KernelOptions) {
    const { polyModulusDegree: degree, primes } = options;
    if (![1024, 2048, 4096, 8192, 16384, 32768].includes(degree)) {
      throw invalid('The ring degree must be a power of two from 1024 to 32768.', {
        polyModulusDegree: degree,
      });
    }
    if (primes.length < 2 || primes.length > MOST_PRIMES) {
      throw invalid(`The kernel takes 2 to ${MOST_PRIMES} primes, the last being the special one.`);
    }
    for (const prime of primes) {
      if (!Number.isInteger(prime) || prime < 2 || prime >= 2 ** 30) {
        throw invalid('The kernel takes primes below 2^30; use the seal backend for larger ones.');
      }
    }
    this.#maxBytes = options.maxMemoryBytes ?? 65535 * PAGE;
    if (!(this.#maxBytes >= PAGE && this.#maxBytes <= 65535 * PAGE)) {
      throw invalid('The memory bound must lie between 64 KiB and 4 GiB.');
    }
    this.polyModulusDegree = degree;
    this.primes = Object.freeze([...primes]);
    this.dataPrimes = primes.length - 1;
    this.raw = raw;
    this.#view = new Uint8Array(raw.memory.buffer);
    raw.setMemoryLimit(Math.floor(this.#maxBytes / PAGE));
    const list = this.allocate(primes.length * 4);
    this.words(list, primes.length).set(primes);
    const outcome = raw.setup(log2(degree), primes.length, list);
    raw.free(list);
    if (outcome < 0) throw this.#outOfMemory(0);
    if (outcome > 0) {
      throw invalid('Not a prime 1 mod 2N, or given twice.', { index: outcome - 1 });
    }
    this.rowBytes = raw.rowBytes.value;
  }

  /** What is held at this moment. */
  get memory(): KernelMemory {
    return {
      handles: this.#handles,
      handleBytes: this.#handleBytes,
      liveBytes: this.raw.liveBytes() >>> 0,
      peakBytes: this.raw.peakBytes() >>> 0,
      reservedBytes: this.raw.memory.buffer.byteLength,
      maxBytes: this.#maxBytes,
    };
  }

  #outOfMemory(bytes: number): SealedError {
    return new SealedError(
      'does-not-fit',
      'The kernel has reached its memory bound: use a smaller code or fewer channels, or raise the bound.',
      { stage: 'server', detail: { wantedBytes: bytes, maxBytes: this.#maxBytes } },
    );
  }

  /** All of the memory. Stale after any allocation: take it anew each time. */
  get bytes(): Uint8Array {
    if (this.#view.buffer !== this.raw.memory.buffer) this.#view = new Uint8Array(this.raw.memory.buffer);
    return this.#view;
  }

  /** `count` u32 at `pointer`. Stale after any allocation. */
  words(pointer: Pointer, count: number): Uint32Array {
    return new Uint32Array(this.raw.memory.buffer, pointer, count);
  }

  /** `count` f64 at `pointer`. Stale after any allocation. */
  doubles(pointer: Pointer, count: number): Float64Array {
    return new Float64Array(this.raw.memory.buffer, pointer, count);
  }

  /** A block of the arena; `does-not-fit` when the bound does not allow it. For handles, tables and tests. */
  allocate(bytes: number): Pointer {
    const pointer = bytes < 2 ** 31 ? this.raw.allocate(bytes) >>> 0 : 0;
    if (pointer === 0) throw this.#outOfMemory(bytes);
    return pointer;
  }

  /** Returns a block that no handle owns. */
  release(pointer: Pointer): void {
    if (this.raw.free(pointer) === 0) {
      throw new SealedError('internal', 'A block was freed twice.', { stage: 'server' });
    }
  }

  /** Counts a handle's block. */
  track(bytes: number): Pointer {
    const pointer = this.allocate(bytes);
    this.#handles += 1;
    this.#handleBytes += bytes;
    return pointer;
  }

  /** Frees a handle's block. */
  untrack(pointer: Pointer, bytes: number): void {
    this.release(pointer);
    this.#handles -= 1;
    this.#handleBytes -= bytes;
  }

  /** At least `bytes` of scratch, contents undefined, valid until the next call. */
  scratch(bytes: number): Pointer {
    if (this.#scratch.bytes < bytes) {
      this.releaseScratch();
      this.#scratch = { pointer: this.allocate(bytes), bytes };
    }
    return this.#scratch.pointer;
  }

  /** Gives the scratch block back; the next operation takes a new one. */
  releaseScratch(): void {
    if (this.#scratch.pointer !== 0) this.release(this.#scratch.pointer);
    this.#scratch = { pointer: 0, bytes: 0 };
  }

  /** Throws unless `count` is a number of data primes. */
  checkPrimeCount(count: number): void {
    if (!Number.isInteger(count) || count < 1 || count > this.dataPrimes) {
      throw invalid(`A ciphertext here has 1 to ${this.dataPrimes} primes.`, { primes: count });
    }
  }
}

/** `invalid-argument` of the server stage. */
export function invalid(
  message: string,
  detail: Record<string, string | number | boolean> = {},
): SealedError {
  return new SealedError('invalid-argument', message, { stage: 'server', detail });
}

/**
 * A kernel from the bytes (or the compiled module) of build/kernel.wasm. `load-failed` where WebAssembly SIMD is
 * missing; `invalid-argument` for parameters it does not take.
 */
export async function createKernel(
  code: BufferSource | WebAssembly.Module,
  options: KernelOptions,
): Promise<KernelInstance> {
  let instance: WebAssembly.Instance;
  try {
    const module = code instanceof WebAssembly.Module ? code : await WebAssembly.compile(code);
    instance = await WebAssembly.instantiate(module, {});
  } catch (cause) {
    throw new SealedError(
      'load-failed',
      'WebAssembly SIMD does not load here; the seal backend does without.',
      {
        stage: 'server',
        cause,
      },
    );
  }
  return new KernelInstance(instance.exports as KernelExports, options);
}

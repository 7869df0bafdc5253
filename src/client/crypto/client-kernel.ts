// One instance of the client's WebAssembly (wasm/client) for one set of parameters: its tables and its memory.
import { SealedError } from '../../base/errors.ts';
import { embeddingRoots } from '../../params/embedding-roots.ts';
import type { Parameters } from '../../params/parameters.ts';

/** Byte offset in the kernel's memory. */
export type Pointer = number;

/** What the module exports: see wasm/client, and wasm/assembly for what it shares with the server's kernel. */
export interface ClientExports extends WebAssembly.Exports {
  memory: WebAssembly.Memory;
  rowBytes: WebAssembly.Global<'i32'>;
  allocate(bytes: number): Pointer;
  free(pointer: Pointer): number;
  liveBlocks(): number;
  setMemoryLimit(pages: number): void;
  setup(log: number, count: number, primes: Pointer): number;
  permutationBytes(): number;
  makePermutation(out: Pointer, element: number): void;
  permuteRow(out: Pointer, row: Pointer, permutation: Pointer): void;
  coefficientBytes(): number;
  encoderBytes(): number;
  prepareEncoder(tables: Pointer, octant: Pointer): void;
  embed(tables: Pointer, values: Pointer, imaginary: Pointer, out: Pointer, scale: number): number;
  stream(seed: Pointer, first: number, buffers: number, out: Pointer): void;
  ternary(seed: Pointer, out: Pointer, buffer: Pointer): void;
  negatedNoise(bytes: Pointer, out: Pointer): void;
  expandRow(seed: Pointer, prime: number, out: Pointer, words: Pointer): number;
  scratchBytes(): number;
  secretBytes(): number;
  makeSecret(seed: Pointer, secret: Pointer, scratch: Pointer): void;
  encrypt(
    seed: Pointer,
    coefficients: Pointer,
    most: number,
    rows: number,
    count: number,
    c0: Pointer,
    given: number,
    secret: Pointer,
    scratch: Pointer,
  ): number;
  addPlain(c0: Pointer, coefficients: Pointer, most: number, count: number, scratch: Pointer): void;
  squareSecret(secret: Pointer, prime: number, out: Pointer): void;
  addSwitched(c0: Pointer, digit: number, source: Pointer): void;
  decrypt(parts: Pointer, size: number, count: number, secret: Pointer, out: Pointer): void;
  decode(
    tables: Pointer,
    rows: Pointer,
    count: number,
    scale: number,
    work: Pointer,
    slots: Pointer,
    imaginary: Pointer,
  ): void;
}

// As wasm/client/decoder.ts has room for.
const MOST_PRIMES = 32;

// Words of lists that are kept for the next keys: 16 MiB.
const MOST_SPARE = 2 ** 22;

/** Whether the client's kernel computes with `parameters`: primes below 2^30. Microsoft SEAL takes any. */
export function clientKernelTakes({ primes }: Parameters): boolean {
  return primes.length <= MOST_PRIMES && primes.every((prime) => prime < 2n ** 30n);
}

/** An instance for `parameters`: made once, and used for many keys, one after the other. */
export class ClientKernel {
  readonly parameters: Parameters;
  readonly raw: ClientExports;
  readonly rowBytes: number;
  /** The encoder's tables, as its functions want them. */
  readonly tables: Pointer;
  readonly #spare: Uint32Array[] = [];

  /** @throws SealedError `does-not-fit` where memory is short, `invalid-argument` for primes of 2^30 and above */
  constructor(module: WebAssembly.Module, parameters: Parameters) {
    if (!clientKernelTakes(parameters)) {
      throw new SealedError(
        'invalid-argument',
        'The fast client takes primes below 2^30: choose the backend seal.',
      );
    }
    const { polyModulusDegree, primes } = parameters;
    this.parameters = parameters;
    this.raw = new WebAssembly.Instance(module).exports as ClientExports;
    const list = this.allocate(4 * primes.length);
    new Uint32Array(this.raw.memory.buffer, list, primes.length).set(primes.map(Number));
    const outcome = this.raw.setup(31 - Math.clz32(polyModulusDegree), primes.length, list);
    this.raw.free(list);
    if (outcome !== 0) throw outOfMemory();
    this.rowBytes = this.raw.rowBytes.value;
    this.tables = this.allocate(this.raw.encoderBytes());
    const roots = embeddingRoots(polyModulusDegree);
    const octant = this.allocate(roots.byteLength);
    this.doubles(octant, roots.length).set(roots);
    this.raw.prepareEncoder(this.tables, octant);
    this.raw.free(octant);
  }

  /** A block of the kernel's memory, contents undefined. @throws SealedError `does-not-fit` */
  allocate(bytes: number): Pointer {
    const pointer = this.raw.allocate(bytes) >>> 0;
    if (pointer === 0) throw outOfMemory();
    return pointer;
  }

  /** Wipes a block of `bytes` and returns it. */
  release(pointer: Pointer, bytes: number): void {
    this.bytes(pointer, bytes).fill(0);
    this.raw.free(pointer);
  }

  /** `length` bytes of the memory; stale after any allocation. */
  bytes(pointer: Pointer, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.raw.memory.buffer, pointer, length);
  }

  /** `length` f64 of the memory; stale after any allocation. */
  doubles(pointer: Pointer, length: number): Float64Array {
    return new Float64Array(this.raw.memory.buffer, pointer, length);
  }

  /** Row `row` of those at `pointer`; stale after any allocation. */
  row(pointer: Pointer, row: number): Uint32Array {
    const { polyModulusDegree } = this.parameters;
    return new Uint32Array(this.raw.memory.buffer, pointer + row * this.rowBytes, polyModulusDegree);
  }

  /** A copy of `rows` rows at `pointer`, in a list that was given back where one has the length. */
  read(pointer: Pointer, rows: number): Uint32Array {
    const { polyModulusDegree } = this.parameters;
    const at = this.#spare.findLastIndex(({ length }) => length === rows * polyModulusDegree);
    const words = at < 0 ? new Uint32Array(rows * polyModulusDegree) : this.#spare.splice(at, 1)[0];
    for (let row = 0; row < rows; row += 1) words.set(this.row(pointer, row), row * polyModulusDegree);
    return words;
  }

  /** Takes back a list of {@link read} that nobody looks at any more: the pages of a new one take longer than its words. */
  reuse(words: Uint32Array): void {
    const held = this.#spare.reduce((sum, { length }) => sum + length, 0);
    if (held + words.length <= MOST_SPARE) this.#spare.push(words);
  }
}

function outOfMemory(): SealedError {
  return new SealedError('does-not-fit', 'There is no memory left for keys: close other pages, then retry.', {
    stage: 'keygen',
  });
}

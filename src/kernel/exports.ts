// The raw exports of the kernel: pointers and sizes are plain numbers, and nothing is checked. See assembly/.

/** Byte offset in the kernel's memory; 0 stands for none. */
export type Pointer = number;

/** What the WebAssembly module exports (assembly/index.ts). Row counts and layouts are documented there. */
export interface KernelExports extends WebAssembly.Exports {
  memory: WebAssembly.Memory;
  rowBytes: WebAssembly.Global<'i32'>;
  allocate(bytes: number): Pointer;
  free(pointer: Pointer): number;
  liveBlocks(): number;
  liveBytes(): number;
  peakBytes(): number;
  setMemoryLimit(pages: number): void;
  setup(log: number, count: number, primes: Pointer): number;
  forward(source: Pointer, target: Pointer, prime: number): void;
  inverse(source: Pointer, target: Pointer, prime: number): void;
  checkRow(row: Pointer, prime: number): number;
  expandRow(seed: Pointer, prime: number, out: Pointer, words: Pointer): number;
  add(out: Pointer, a: Pointer, b: Pointer, rows: number, count: number): void;
  subtract(out: Pointer, a: Pointer, b: Pointer, rows: number, count: number): void;
  negate(out: Pointer, a: Pointer, rows: number, count: number): void;
  copyRows(out: Pointer, a: Pointer, rows: number): void;
  clearRows(out: Pointer, rows: number): void;
  dropPrimes(out: Pointer, a: Pointer, polys: number, count: number, kept: number): void;
  toMontgomery(out: Pointer, a: Pointer, prime: number): void;
  multiplyPlain(out: Pointer, a: Pointer, plain: Pointer, polys: number, count: number): void;
  multiplyScalar(out: Pointer, a: Pointer, scalars: Pointer, rows: number, count: number): void;
  addScaled(out: Pointer, a: Pointer, scalars: Pointer, rows: number, count: number): void;
  addScalar(out: Pointer, scalars: Pointer, count: number): void;
  square(out: Pointer, a: Pointer, count: number): void;
  multiply(out: Pointer, a: Pointer, b: Pointer, count: number): void;
  multiplyAccumulate(out: Pointer, table: Pointer, terms: number, count: number): void;
  mix(
    outputs: Pointer,
    outs: number,
    inputs: Pointer,
    ins: number,
    scalars: Pointer,
    rows: number,
    count: number,
    tile: Pointer,
  ): void;
  permutationBytes(): number;
  makePermutation(out: Pointer, g: number): void;
  rescale(out: Pointer, a: Pointer, polys: number, count: number, scratch: Pointer): void;
  divideBySpecial(
    out: Pointer,
    sums: Pointer,
    add0: Pointer,
    add1: Pointer,
    permutation: Pointer,
    count: number,
    scratch: Pointer,
  ): void;
  keyBytes(digits: number): number;
  storeKeyRow(
    key: Pointer,
    keyDigits: number,
    row: Pointer,
    scratch: Pointer,
    digit: number,
    poly: number,
    prime: number,
    permutation: Pointer,
  ): void;
  switchKey(
    out: Pointer,
    source: Pointer,
    add0: Pointer,
    add1: Pointer,
    key: Pointer,
    keyDigits: number,
    permutation: Pointer,
    g: number,
    count: number,
    scratch: Pointer,
  ): void;
  switchScratchRows(count: number): number;
  hoistedRows(count: number): number;
  hoist(out: Pointer, a: Pointer, count: number, scratch: Pointer): void;
  hoistedRotation(
    out: Pointer,
    hoisted: Pointer,
    key: Pointer,
    keyDigits: number,
    permutation: Pointer,
    count: number,
    scratch: Pointer,
  ): void;
  babyStep(
    babies: Pointer,
    slots: number,
    slot: number,
    hoisted: Pointer,
    key: Pointer,
    keyDigits: number,
    permutation: Pointer,
    count: number,
    scratch: Pointer,
  ): void;
  storeDiagonalRow(sum: Pointer, terms: number, term: number, rowIndex: number, row: Pointer): void;
  innerSums(babies: Pointer, slots: number, table: Pointer, sums: number, count: number): void;
  addExtended(sums: Pointer, terms: Pointer, count: number): void;
  giantStep(
    sums: Pointer,
    terms: Pointer,
    key: Pointer,
    keyDigits: number,
    permutation: Pointer,
    count: number,
    scratch: Pointer,
  ): void;
  encoderBytes(): number;
  coefficientBytes(): number;
  prepareEncoder(tables: Pointer, octant: Pointer): void;
  embed(tables: Pointer, values: Pointer, imaginary: Pointer, out: Pointer, scale: number): number;
  residueRows(
    coefficients: Pointer,
    out: Pointer,
    rows: number,
    count: number,
    stride: number,
    most: number,
    montgomery: number,
  ): void;
}

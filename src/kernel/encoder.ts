// The kernel's own CKKS encoder for real and complex vectors: plaintexts over the data primes, and diagonals over QP.
import { SealedError } from '../base/errors.ts';
import { embeddingRoots } from '../params/embedding-roots.ts';
import type { Pointer } from './exports.ts';
import { Plaintext, filled } from './handles.ts';
import { invalid } from './instance.ts';
import type { KernelInstance } from './instance.ts';

/** Coefficients above this are refused: no parameters of the kernel's hold them. */
const MOST = 2 ** 70;

/**
 * Encodes vectors of N/2 slots, the same residues as SEAL's CKKSEncoder. Holds tables of 10 N bytes and needs disposing.
 */
export class Encoder implements Disposable {
  readonly kernel: KernelInstance;
  readonly slotCount: number;
  #tables: Pointer;

  constructor(kernel: KernelInstance) {
    this.kernel = kernel;
    const slots = kernel.polyModulusDegree / 2;
    this.slotCount = slots;
    this.#tables = kernel.allocate(kernel.raw.encoderBytes());
    const roots = embeddingRoots(kernel.polyModulusDegree);
    const octant = kernel.scratch(roots.byteLength);
    kernel.doubles(octant, roots.length).set(roots);
    kernel.raw.prepareEncoder(this.#tables, octant);
  }

  /** Returns the tables' memory; a second call does nothing. */
  [Symbol.dispose](): void {
    if (this.#tables !== 0) this.kernel.release(this.#tables);
    this.#tables = 0;
  }

  /**
   * `values` (at most N/2 real ones, the rest being 0; or N/2 real parts and N/2 imaginary ones) times `scale` over the
   * first `primes` data primes, as a factor or an addend. `out-of-range` when a value is not finite or a scaled coefficient exceeds 2^70.
   */
  encode(values: Float64Array, scale: number, primes: number, form: 'factor' | 'addend'): Plaintext {
    const { kernel } = this;
    return filled(new Plaintext(kernel, primes, form), (out) => {
      this.rows(values, scale, primes, primes, form, (row, pointer) => {
        kernel.raw.copyRows(out.pointer + row * kernel.rowBytes, pointer, 1);
      });
    });
  }

  /**
   * Encodes into scratch and hands each row to `take`: row r is modulo data prime r, and row `primes` (where `rows` is
   * primes + 1) modulo P.
   */
  rows(
    values: Float64Array,
    scale: number,
    rows: number,
    primes: number,
    form: 'factor' | 'addend',
    take: (row: number, pointer: Pointer) => void,
  ): void {
    const { kernel, slotCount } = this;
    if (this.#tables === 0) throw new SealedError('wrong-state', 'This encoder has been disposed.');
    const isComplex = values.length === 2 * slotCount;
    if (values.length > slotCount && !isComplex) {
      throw invalid(`There are ${slotCount} slots.`, { given: values.length });
    }
    if (!(scale > 0 && scale <= MOST)) throw invalid('The scale must lie between 0 and 2^70.');
    const coefficientBytes = kernel.raw.coefficientBytes();
    const scratch = kernel.scratch(coefficientBytes * 2 + rows * kernel.rowBytes);
    const coefficients = scratch + coefficientBytes;
    const target = coefficients + coefficientBytes;
    const slots = kernel.doubles(scratch, isComplex ? 2 * slotCount : slotCount);
    slots.set(values);
    slots.fill(0, values.length);
    const imaginary = isComplex ? scratch + coefficientBytes / 2 : 0;
    const most = kernel.raw.embed(this.#tables, scratch, imaginary, coefficients, scale);
    if (!(most <= MOST)) {
      throw new SealedError('out-of-range', 'A value is not finite, or too large at this scale.', {
        stage: 'server',
      });
    }
    kernel.raw.residueRows(
      coefficients,
      target,
      rows,
      primes,
      kernel.rowBytes,
      most,
      form === 'factor' ? 1 : 0,
    );
    for (let row = 0; row < rows; row++) take(row, target + row * kernel.rowBytes);
  }
}

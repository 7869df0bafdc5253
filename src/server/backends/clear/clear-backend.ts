// The simulation backend: slots in float64, rounded as the scheme would round them. Nothing is encrypted.
import { SealedError } from '../../../base/errors.ts';
import type { Parameters } from '../../../params/parameters.ts';
import type { ResidueCiphertext } from '../../../params/residues.ts';
import type { Diagonal } from '../../../plan/plan.ts';
import { vectorsOf } from '../../../plan/stages/linear-rows.ts';
import type { Backend } from '../../backend.ts';

/** Slots at a scale; never leaves this backend. */
export interface ClearCiphertext {
  /** Real parts. */
  readonly slots: Float64Array;
  /** Of what was multiplied by complex factors: nothing but sums and rotations follow that. */
  readonly imaginary?: Float64Array | undefined;
}

/** The slots of `ciphertext` as a client decodes them: real parts, then imaginary ones where it has some. */
export function decodedSlots({ slots, imaginary }: ClearCiphertext): Float64Array {
  if (!imaginary) return slots;
  const both = new Float64Array(2 * slots.length);
  both.set(slots);
  both.set(imaginary, slots.length);
  return both;
}

/**
 * Simulates plans on plaintext slots. Scalars are rounded to integers at their scale as in the scheme; a rescale rounds
 * to a grid whose rounding error has the standard deviation of CKKS rescaling, √(N/12·(1 + 2N/3)) units in a slot
 * (Cheon, Kim, Kim and Song 2017, lemma 2, for a uniform ternary secret).
 */
export class ClearBackend implements Backend<ClearCiphertext> {
  readonly #rescaleGrid: number;

  constructor(parameters: Parameters) {
    const degree = parameters.polyModulusDegree;
    this.#rescaleGrid = Math.sqrt(degree * (1 + (2 * degree) / 3));
  }

  load(_ciphertext: ResidueCiphertext): ClearCiphertext {
    throw new SealedError('wrong-state', 'The simulation has no key: give it slots, not ciphertexts.');
  }

  save(_ciphertext: ClearCiphertext): ResidueCiphertext {
    throw new SealedError('wrong-state', 'The simulation has no key: it cannot make a ciphertext.');
  }

  rotate({ slots, imaginary }: ClearCiphertext, step: number): ClearCiphertext {
    return { slots: rotated(slots, step), imaginary: imaginary && rotated(imaginary, step) };
  }

  multiplyAdd(
    sum: ClearCiphertext | undefined,
    { slots }: ClearCiphertext,
    diagonal: Diagonal,
    plainScale: number,
  ): ClearCiphertext {
    const total = sum?.slots ?? new Float64Array(slots.length);
    if (diagonal.kind === 'scalar') {
      const factor = Math.round(diagonal.value * plainScale) / plainScale;
      for (let i = 0; i < total.length; i += 1) total[i] += slots[i] * factor;
      return { slots: total, imaginary: sum?.imaginary };
    }
    const [real, imaginary] = vectorsOf(diagonal);
    addProducts(total, slots, real);
    if (!imaginary) return { slots: total, imaginary: sum?.imaginary };
    const other = sum?.imaginary ?? new Float64Array(slots.length);
    addProducts(other, slots, imaginary);
    return { slots: total, imaginary: other };
  }

  add(a: ClearCiphertext, b: ClearCiphertext): ClearCiphertext {
    addProducts(a.slots, b.slots);
    if (!b.imaginary) return a;
    const imaginary = a.imaginary ?? new Float64Array(a.slots.length);
    addProducts(imaginary, b.imaginary);
    return { slots: a.slots, imaginary };
  }

  rescale(ciphertext: ClearCiphertext, outScale: number): ClearCiphertext {
    const grid = this.#rescaleGrid / outScale;
    for (const part of [ciphertext.slots, ciphertext.imaginary]) {
      if (part) for (let i = 0; i < part.length; i += 1) part[i] = Math.round(part[i] / grid) * grid;
    }
    return ciphertext;
  }

  dropPrime({ slots }: ClearCiphertext, inScale: number, outScale: number): ClearCiphertext {
    return { slots: slots.map((value) => (value * inScale) / outScale) };
  }

  addConstant({ slots, imaginary }: ClearCiphertext, constant: Diagonal): void {
    if (constant.kind === 'scalar') {
      for (let i = 0; i < slots.length; i += 1) slots[i] += constant.value;
      return;
    }
    const [real, other] = vectorsOf(constant);
    addProducts(slots, real);
    if (other && imaginary) addProducts(imaginary, other);
  }

  square({ slots }: ClearCiphertext, outScale: number): ClearCiphertext {
    return this.rescale({ slots: slots.map((value) => value * value) }, outScale);
  }

  multiply(a: ClearCiphertext, b: ClearCiphertext, outScale: number): ClearCiphertext {
    return this.rescale({ slots: a.slots.map((value, i) => value * b.slots[i]) }, outScale);
  }

  free(_ciphertext: ClearCiphertext): void {
    // Slots are ordinary memory.
  }

  memoryBytes(): number {
    return 0;
  }

  [Symbol.dispose](): void {
    // Nothing is held.
  }
}

/** `sum + values ⊙ factors`, in place; factors are 1 unless given. */
function addProducts(sum: Float64Array, values: ArrayLike<number>, factors?: ArrayLike<number>): void {
  for (let i = 0; i < sum.length; i += 1) sum[i] += factors ? values[i] * factors[i] : values[i];
}

function rotated(slots: Float64Array, step: number): Float64Array {
  const result = new Float64Array(slots.length);
  result.set(slots.subarray(step));
  result.set(slots.subarray(0, step), slots.length - step);
  return result;
}

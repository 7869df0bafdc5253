// The simulation backend: slots in float64, rounded as the scheme would round them. Nothing is encrypted.
import { SealedError } from '../../../base/errors.ts';
import type { Parameters } from '../../../params/parameters.ts';
import type { ResidueCiphertext } from '../../../params/residues.ts';
import type { Diagonal } from '../../../plan/plan.ts';
import type { Backend } from '../../backend.ts';

/** Slots at a scale; never leaves this backend. */
export interface ClearCiphertext {
  readonly slots: Float64Array;
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

  rotate({ slots }: ClearCiphertext, step: number): ClearCiphertext {
    const rotated = new Float64Array(slots.length);
    rotated.set(slots.subarray(step));
    rotated.set(slots.subarray(0, step), slots.length - step);
    return { slots: rotated };
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
    } else {
      const { values } = diagonal;
      for (let i = 0; i < total.length; i += 1) total[i] += slots[i] * values[i];
    }
    return { slots: total };
  }

  add(a: ClearCiphertext, b: ClearCiphertext): ClearCiphertext {
    for (let i = 0; i < a.slots.length; i += 1) a.slots[i] += b.slots[i];
    return a;
  }

  rescale(ciphertext: ClearCiphertext, outScale: number): ClearCiphertext {
    const grid = this.#rescaleGrid / outScale;
    const { slots } = ciphertext;
    for (let i = 0; i < slots.length; i += 1) slots[i] = Math.round(slots[i] / grid) * grid;
    return ciphertext;
  }

  dropPrime({ slots }: ClearCiphertext, inScale: number, outScale: number): ClearCiphertext {
    return { slots: slots.map((value) => (value * inScale) / outScale) };
  }

  addConstant({ slots }: ClearCiphertext, constant: Diagonal): void {
    for (let i = 0; i < slots.length; i += 1) {
      slots[i] += constant.kind === 'scalar' ? constant.value : constant.values[i];
    }
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

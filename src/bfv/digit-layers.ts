// The layers of a network on ciphertexts that each hold one number in digits.
import { filled } from '../seal/context.ts';
import type { BfvContext, Ciphertext, Plaintext } from './bfv-context.ts';
import type { DigitCache, DigitRing } from './digit-tensor.ts';
import { type Digits, numberOf } from './digits.ts';
import type { ValueSum } from './value-layout.ts';

// Encoded weights kept at a time; a linear layer has more, and uses each once.
const MOST_WEIGHTS = 2048;

/** What one ciphertext holds, decrypted. */
export interface DecryptedValue {
  readonly value: number;
  /** Bits of noise that still fit; at 0 the value means nothing. */
  readonly budgetBits: number;
}

/** Encrypts, adds, multiplies and decrypts numbers in digits. */
export class DigitLayers implements Disposable {
  readonly context: BfvContext;
  readonly #ring: DigitRing;
  readonly #cache: DigitCache;
  /** Weights in NTT form by their value. */
  readonly #weights = new Map<number, Plaintext>();

  constructor(context: BfvContext, ring: DigitRing, cache: DigitCache) {
    this.context = context;
    this.#ring = ring;
    this.#cache = cache;
  }

  /** The polynomial of `digits`. The caller deletes it. */
  #plain({ places, digits }: Digits): Plaintext {
    const { degree } = this.context;
    const coefficients = new Float64Array(degree);
    places.forEach((place, i) => {
      // X^−k is −X^(N−k).
      if (place < 0) coefficients[degree + place] = -digits[i];
      else coefficients[place] = digits[i];
    });
    return this.context.plain(coefficients);
  }

  encrypt(value: number): Ciphertext {
    using plain = this.#plain(this.#cache.of(value));
    return this.context.encrypt(plain);
  }

  decrypt(cipher: Ciphertext): DecryptedValue {
    using plain = this.context.decrypt(cipher);
    const value = numberOf(this.context.coefficientsOf(plain), this.context.degree, this.#ring);
    return { value, budgetBits: this.context.budget(cipher) };
  }

  /**
   * A sum of multiples of ciphertexts in NTT form, in coefficient form again.
   * @param at the ciphertext of an element of the layer before
   */
  sum(
    { sources, weights, bias, divisor }: ValueSum,
    weighted: boolean,
    at: (element: number) => Ciphertext,
  ): Ciphertext {
    const { evaluator } = this.context;
    let sum: Ciphertext | undefined;
    using product = new this.context.seal.Ciphertext();
    sources.forEach((source, i) => {
      let part = at(source);
      if (weighted) {
        // A weight that is below the last digit: nothing to add, and SEAL refuses to multiply by 0.
        if (this.#cache.of(weights[i]).places.length === 0) return;
        this.#multiply(part, weights[i], product);
        part = product;
      }
      if (sum) evaluator.addInplace(sum, part);
      else sum = part.copy();
    });
    if (!sum) return this.#withBias(this.context.encryptZero(), bias);
    if (!weighted && divisor !== 1) this.#multiply(sum, 1 / divisor, sum);
    evaluator.cipherTransformFromNttInplace(sum);
    return this.#withBias(sum, bias);
  }

  /** Squares a ciphertext in coefficient form in its place. */
  square(cipher: Ciphertext): void {
    this.context.square(cipher);
  }

  /**
   * In NTT form a negative coefficient is taken as what it is. Outside SEAL multiplies by a single one as it stands, p − w
   * for −w, which would cost log2(p) bits of noise.
   */
  #multiply(source: Ciphertext, weight: number, product: Ciphertext): void {
    const known = this.#weights.get(weight);
    if (known) {
      this.context.evaluator.multiplyPlain(source, known, product);
      return;
    }
    const plain = filled(this.#plain(this.#cache.of(weight)), (made) => this.context.toNtt(made));
    try {
      this.context.evaluator.multiplyPlain(source, plain, product);
    } finally {
      if (this.#weights.size < MOST_WEIGHTS) this.#weights.set(weight, plain);
      else plain.delete();
    }
  }

  #withBias(sum: Ciphertext, bias: number): Ciphertext {
    const digits = this.#cache.of(bias);
    if (digits.places.length > 0) {
      using plain = this.#plain(digits);
      this.context.evaluator.addPlainInplace(sum, plain);
    }
    return sum;
  }

  /** Forgets the weights of a layer that is done. */
  forget(): void {
    for (const plain of this.#weights.values()) plain.delete();
    this.#weights.clear();
  }

  [Symbol.dispose](): void {
    this.forget();
  }
}

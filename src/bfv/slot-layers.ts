// The layers of a network on ciphertexts whose slots hold whole numbers: sums of scalar multiples, and squares.
import { filled } from '../seal/context.ts';
import type { SealModule } from '../seal/load.ts';
import type { BfvContext, Ciphertext, Plaintext } from './bfv-context.ts';
import type { LayerStep } from './slot-layout.ts';

/** Works on the slots of one context, whose p must allow batching. */
export class SlotLayers implements Disposable {
  readonly #context: BfvContext;
  readonly #encoder: InstanceType<SealModule['BatchEncoder']>;

  constructor(context: BfvContext) {
    this.#context = context;
    this.#encoder = new context.seal.BatchEncoder(context.handle);
  }

  #encode(values: readonly number[]): Plaintext {
    return filled(new this.#context.seal.Plaintext(), (plain) => {
      const slots = new BigInt64Array(this.#context.degree);
      values.forEach((value, i) => (slots[i] = BigInt(value)));
      this.#encoder.encode(slots, plain);
    });
  }

  /** Whole numbers in the first slots of a new ciphertext. The caller deletes it. */
  encrypt(values: readonly number[]): Ciphertext {
    using plain = this.#encode(values);
    return this.#context.encrypt(plain);
  }

  /** The first `count` slots. Wrong where the noise budget is 0. */
  decrypt(cipher: Ciphertext, count: number): number[] {
    using plain = this.#context.decrypt(cipher);
    return Array.from((this.#encoder.decodeBigInt64(plain) as BigInt64Array).subarray(0, count), Number);
  }

  /**
   * One ciphertext of `step`. Those before it stay the caller's.
   * @param digitScale what the weights are multiplied by
   * @param scale what the step's values are multiplied by
   */
  make(
    step: LayerStep,
    index: number,
    before: readonly Ciphertext[],
    digitScale: number,
    scale: number,
  ): Ciphertext {
    const { terms, bias, places } = step.ciphertexts[index];
    if (step.kind !== 'sums') {
      return filled(before[terms[0].from].copy(), (cipher) => {
        if (step.kind === 'squares') this.#context.square(cipher);
      });
    }
    return filled(this.#sum(step, index, before, step.weighted ? digitScale : 1), (sum) => {
      const added = Math.round(bias * scale);
      if (added === 0) return;
      // Padding stays zero.
      using plain = this.#encode(Array.from(places, (element) => (element < 0 ? 0 : added)));
      this.#context.evaluator.addPlainInplace(sum, plain);
    });
  }

  #sum(step: LayerStep, index: number, before: readonly Ciphertext[], weightScale: number): Ciphertext {
    const { evaluator, seal } = this.#context;
    let sum: Ciphertext | undefined;
    using product = new seal.Ciphertext();
    for (const { from, weight } of step.ciphertexts[index].terms) {
      const whole = Math.round(weight * weightScale);
      const factor = Math.abs(whole);
      if (factor === 0) continue;
      if (factor > 1) {
        // SEAL multiplies by a single coefficient as it stands, p − w for −w, which would cost log2(p) bits of noise.
        using plain = this.#context.plain([factor]);
        evaluator.multiplyPlain(before[from], plain, product);
      }
      const part = factor > 1 ? product : before[from];
      if (!sum) {
        sum = part.copy();
        if (whole < 0) evaluator.negateInplace(sum);
      } else if (whole > 0) evaluator.addInplace(sum, part);
      else evaluator.subInplace(sum, part);
    }
    return sum ?? this.encrypt([0]);
  }

  [Symbol.dispose](): void {
    this.#encoder.delete();
  }
}

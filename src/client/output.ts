// Collects a server's answer: every output ciphertext exactly once, decrypted into the output tensor.
import { SealedError } from '../base/errors.ts';
import type { Parameters } from '../params/parameters.ts';
import type { ResidueCiphertext } from '../params/residues.ts';
import type { OutputLayout } from '../plan/client-interface.ts';
import type { CardTensor } from '../plan/model-card.ts';
import { outputElements, unpackValues } from '../plan/tensor-packing.ts';
import { decodeAnswer } from '../protocol/frame.ts';

/** Fills the output tensor of a card, or one for each input of a batch, frame by frame. */
export class OutputCollector {
  readonly #output: CardTensor<OutputLayout>;
  readonly #parameters: Parameters;
  readonly #values: Float32Array;
  readonly #seen = new Set<number>();

  /** @param inputs how many inputs of a batch were encrypted */
  constructor(output: CardTensor<OutputLayout>, parameters: Parameters, inputs = 1) {
    this.#output = output;
    this.#parameters = parameters;
    this.#values = new Float32Array(inputs * outputElements(output.layout));
  }

  /**
   * Decrypts the ciphertexts of `frame` into place.
   * @throws SealedError `malformed-frame` for a wrong level or scale, an unknown or a repeated number
   */
  add(frame: Uint8Array, decrypt: (ciphertext: ResidueCiphertext) => Float64Array): void {
    const { layout, level, scale, count } = this.#output;
    for (const { index, ciphertext } of decodeAnswer(frame, this.#parameters)) {
      const isExpected = index < count && !this.#seen.has(index);
      const isScaled = Math.abs(ciphertext.scale - scale) <= 1e-9 * scale;
      if (!isExpected || ciphertext.level !== level || !isScaled || ciphertext.size !== 2) {
        throw new SealedError('malformed-frame', 'The answer is not what the model card announces.', {
          stage: 'decrypt',
        });
      }
      this.#seen.add(index);
      unpackValues(layout, index, decrypt(ciphertext), this.#values);
    }
  }

  /** The finished tensor, in C order. @throws SealedError `malformed-frame` while outputs are missing */
  values(): Float32Array {
    const missing = this.#output.count - this.#seen.size;
    if (missing > 0) {
      throw new SealedError('malformed-frame', `The answer lacks ${missing} ciphertexts.`, {
        stage: 'decrypt',
      });
    }
    return this.#values;
  }
}

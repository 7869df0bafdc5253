// Collects a server's answer: every output ciphertext exactly once, decrypted into the output tensor.
import { SealedError } from '../base/errors.ts';
import type { Parameters } from '../params/parameters.ts';
import type { ResidueCiphertext } from '../params/residues.ts';
import { type Picture, pictureOf } from '../plan/finish.ts';
import { unpackOutput } from '../plan/layout.ts';
import type { ModelCard } from '../plan/plan.ts';
import { decodeCiphertexts } from '../protocol/frame.ts';

/** Fills the output tensor of `card` frame by frame. */
export class OutputCollector {
  readonly #card: ModelCard;
  readonly #parameters: Parameters;
  readonly #values: Float32Array;
  readonly #seen = new Set<number>();

  constructor(card: ModelCard, parameters: Parameters) {
    this.#card = card;
    this.#parameters = parameters;
    const [channels, height, width] = card.output.layout.shape;
    this.#values = new Float32Array(channels * height * width);
  }

  /**
   * Decrypts the ciphertexts of `frame` into place.
   * @throws SealedError `malformed-frame` for a wrong level or scale, an unknown or a repeated number
   */
  add(frame: Uint8Array, decrypt: (ciphertext: ResidueCiphertext) => Float64Array): void {
    const { layout, level, scale, count } = this.#card.output;
    for (const { index, ciphertext } of decodeCiphertexts(frame, this.#parameters)) {
      const isExpected = index < count && !this.#seen.has(index);
      const isScaled = Math.abs(ciphertext.scale - scale) <= 1e-9 * scale;
      if (!isExpected || ciphertext.level !== level || !isScaled || ciphertext.size !== 2) {
        throw new SealedError('malformed-frame', 'The answer is not what the model card announces.', {
          stage: 'decrypt',
        });
      }
      this.#seen.add(index);
      unpackOutput(layout, index, decrypt(ciphertext), this.#values);
    }
  }

  /** The finished picture. @throws SealedError `malformed-frame` while outputs are missing */
  picture(reference: Float32Array | undefined): Picture {
    const missing = this.#card.output.count - this.#seen.size;
    if (missing > 0) {
      throw new SealedError('malformed-frame', `The answer lacks ${missing} ciphertexts.`, {
        stage: 'decrypt',
      });
    }
    return pictureOf(this.#card, this.#values, reference);
  }
}

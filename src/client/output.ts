// Collects a server's answer: nothing of it is decrypted before every output ciphertext is there and passes the rules.
import { SealedError } from '../base/errors.ts';
import type { Parameters } from '../params/parameters.ts';
import type { ResidueCiphertext } from '../params/residues.ts';
import type { OutputLayout } from '../plan/client-interface.ts';
import type { CardTensor } from '../plan/model-card.ts';
import { isComplex, outputElements, unpackValues } from '../plan/tensor-packing.ts';
import { decodeAnswer } from '../protocol/frame.ts';
import type { Masks } from './masks.ts';

/** The output ciphertexts of a card, or those of a batch, frame by frame. */
export class OutputCollector {
  readonly #output: CardTensor<OutputLayout>;
  readonly #parameters: Parameters;
  readonly #found = new Map<number, ResidueCiphertext>();

  constructor(output: CardTensor<OutputLayout>, parameters: Parameters) {
    this.#output = output;
    this.#parameters = parameters;
  }

  /**
   * Takes the ciphertexts of `frame`.
   * @param sent what this key has encrypted, of which nothing comes back as it went: undefined for a network, which need
   *   not multiply (docs/decisions/bound-answers.md)
   * @throws SealedError `malformed-frame` for a wrong level or scale, an unknown or a repeated number; `wrong-answer` for a
   *   ciphertext that nothing encrypts (c_1 = 0, or another number alone), or that is masked as the request was
   */
  add(frame: Uint8Array, sent: Masks | undefined): void {
    const { level, scale, count } = this.#output;
    for (const { index, ciphertext } of decodeAnswer(frame, this.#parameters)) {
      const isExpected = index < count && !this.#found.has(index);
      const isScaled = Math.abs(ciphertext.scale - scale) <= 1e-9 * scale;
      if (!isExpected || ciphertext.level !== level || !isScaled || ciphertext.size !== 2) {
        throw new SealedError('malformed-frame', 'The answer is not what the model card announces.', {
          stage: 'decrypt',
        });
      }
      const { polyModulusDegree } = this.#parameters;
      const from = (level + 1) * polyModulusDegree;
      const mask = ciphertext.words.subarray(from, from + polyModulusDegree);
      // 0, or another number: then what is decrypted is c_0, or that and the key itself.
      if (mask.every((word) => word === mask[0])) throw unmasked('is not encrypted');
      if (sent?.has(mask)) throw unmasked('is the request');
      this.#found.set(index, ciphertext);
    }
  }

  /**
   * Decrypts everything: the finished tensors, one after the other, each in C order.
   * @param inputs how many inputs of a batch were encrypted
   * @throws SealedError `malformed-frame` while outputs are missing: then nothing is decrypted
   */
  async open(
    inputs: number,
    decrypt: (ciphertext: ResidueCiphertext, isComplex: boolean) => Float64Array,
    pause: () => Promise<void>,
  ): Promise<Float32Array> {
    const { layout, count } = this.#output;
    if (this.#found.size < count) {
      throw new SealedError('malformed-frame', `The answer lacks ${count - this.#found.size} ciphertexts.`, {
        stage: 'decrypt',
      });
    }
    const values = new Float32Array(inputs * outputElements(layout));
    for (const [index, ciphertext] of this.#found) {
      await pause();
      unpackValues(layout, index, decrypt(ciphertext, isComplex(layout)), values);
    }
    return values;
  }
}

function unmasked(what: string): SealedError {
  const message = `A part of the answer ${what}: all of it was thrown away, and the key with it.`;
  return new SealedError('wrong-answer', message, { stage: 'decrypt' });
}

// What a segment may be given: values that its first stage reads, at that stage's level and scale, and nothing else.
import { SealedError } from '../base/errors.ts';
import type { StagePart } from '../plan/partition.ts';
import { kindOf } from '../plan/stages/stages.ts';
import type { IndexedCiphertext } from '../protocol/frame.ts';

/** The values a segment starts from. */
export class SegmentInputs {
  readonly #level: number;
  readonly #scale: number;
  readonly #values: ReadonlySet<number>;

  constructor(first: StagePart) {
    this.#level = first.level;
    this.#scale = first.inScale;
    const kind = kindOf(first);
    this.#values = new Set(first.outputs.flatMap((_, index) => kind.reads(first, index)));
  }

  /**
   * Throws unless `item` is one of these values, as the plan wants it.
   * @throws SealedError `malformed-frame`
   */
  check({ index, ciphertext }: IndexedCiphertext): void {
    const { level, scale } = ciphertext;
    if (!this.#values.has(index)) throw malformed(`Value ${index} has no use here.`);
    if (!('seed' in ciphertext) && ciphertext.size !== 2)
      throw malformed('A ciphertext has not been relinearised.');
    if (level !== this.#level) {
      throw malformed(`A ciphertext comes at level ${level} where the plan wants level ${this.#level}.`);
    }
    // Intermediate scales are products of floating-point numbers, the same but for their last bits.
    if (Math.abs(scale - this.#scale) > 1e-9 * this.#scale) {
      throw malformed('A ciphertext comes at another scale than the plan wants.');
    }
  }
}

function malformed(message: string): SealedError {
  return new SealedError('malformed-frame', message, { stage: 'wire' });
}

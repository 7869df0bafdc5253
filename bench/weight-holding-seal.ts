// node-seal's backend with weights that are encoded once and held, as the kernel holds its own.
import { outLevel, type Diagonal } from '../src/plan/plan.ts';
import type { PlanPart } from '../src/plan/partition.ts';
import { SealBackend, type SealPlaintext } from '../src/server/backends/seal/seal-backend.ts';

/** Encodes each weight at its first use. A plan's plaintexts take some 100 MB: the product encodes them in every run. */
export class WeightHoldingSeal extends SealBackend {
  #byDiagonal = new Map<Diagonal | number, Map<string, SealPlaintext>>();

  override encode(diagonal: Diagonal, scale: number, level: number): SealPlaintext {
    const weight = diagonal.kind === 'scalar' ? diagonal.value : diagonal;
    const held = this.#byDiagonal.get(weight) ?? new Map<string, SealPlaintext>();
    this.#byDiagonal.set(weight, held);
    const key = `${level} ${scale}`;
    const known = held.get(key);
    if (known) return known;
    const made = super.encode(diagonal, scale, level).copy();
    held.set(key, made);
    return made;
  }

  /** Forgets what it holds and encodes the weights of all linear stages of `part`. */
  encodeAgain({ segments }: PlanPart): void {
    this.#forget();
    for (const stage of segments.flat()) {
      if (stage.kind !== 'linear') continue;
      for (const { sums, bias } of stage.rows) {
        for (const { diagonal } of sums.flatMap(({ terms }) => terms)) {
          this.encode(diagonal, stage.plainScale, stage.level);
        }
        if (bias) this.encode(bias, stage.outScale, outLevel(stage));
      }
    }
  }

  #forget(): void {
    for (const held of this.#byDiagonal.values()) for (const plaintext of held.values()) plaintext.delete();
    this.#byDiagonal = new Map();
  }

  override [Symbol.dispose](): void {
    this.#forget();
    super[Symbol.dispose]();
  }
}

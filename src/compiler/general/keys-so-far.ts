// Which keys a plan needs already, while its stages are written out: those cost the stages that follow nothing more.
import type { DraftOperation } from './emit-round.ts';

/** The keys that the stages so far need, each for the most primes. */
export class KeysSoFar {
  readonly #primes = new Map<number, number>();

  /** Whether there is one for a rotation by `step` slots of ciphertexts of `primes` primes. */
  isThere(step: number, primes: number): boolean {
    return (this.#primes.get(step) ?? 0) >= primes;
  }

  /** Those of `stages`, which read ciphertexts of `primes` primes. */
  add(stages: readonly DraftOperation[], primes: number): void {
    const need = (step: number): void =>
      void this.#primes.set(step, Math.max(primes, this.#primes.get(step) ?? 0));
    for (const stage of stages) {
      if (stage.kind === 'product') continue;
      for (const { sums } of stage.rows) {
        for (const { giantStep, terms } of sums) {
          need(giantStep === 0 ? 0 : (stage.giantUnit ?? giantStep));
          for (const { step } of terms) need(step);
        }
      }
    }
  }
}

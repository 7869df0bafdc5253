// How much planning looks at: counted, since times depend on the machine, and limited, so that it ends for any network.
import { SealedError } from '../../base/errors.ts';

// Ten times what the dearest network of bench/planning.ts takes: under a minute.
const MOST_STEPS = 5e8;

/**
 * What planning has looked at so far. One step is one element of a value, one entry of a matrix, or
 * one diagonal under one split of the rotations.
 */
export class PlanningWork {
  /** Entries multiplied out where layers are composed. */
  composed = 0;
  /** Elements and entries counted for inputs that the client gathers. */
  gathered = 0;
  /** Elements laid out, and entries looked at to find a round's diagonals. */
  searched = 0;
  /** Diagonals sorted into baby and giant steps. */
  split = 0;
  /** Rounds priced, each in one combination of layouts. */
  priced = 0;
  /** Packing tables and diagonals filled in: once for each round of the plan, whatever was tried. */
  built = 0;
  readonly #most: number;

  /** @param most steps after which planning is given up */
  constructor(most = MOST_STEPS) {
    this.#most = most;
  }

  /** All steps. */
  get steps(): number {
    return this.composed + this.gathered + this.searched + this.split;
  }

  /** Whether it has been too much. */
  get isSpent(): boolean {
    return this.steps > this.#most;
  }

  /** Counts `count` steps of a kind. @throws SealedError `does-not-fit` where it has become too many */
  add(kind: 'composed' | 'gathered' | 'searched' | 'split', count: number): void {
    this[kind] += count;
    if (!this.isSpent) return;
    throw new SealedError(
      'does-not-fit',
      'Planning this network takes too long: its layers are too large. Make them smaller or strided.',
      { stage: 'compile', detail: { steps: this.steps } },
    );
  }
}

// What the search for layouts needs again and again: made once for all of it, and counted.
import type { PlanningWork } from './planning-work.ts';

/** Marks on numbers, taken off again one by one: a table of all numbers is made once and not for each search. */
class Marks {
  #marked = new Uint8Array(0);
  readonly #list: number[] = [];

  /** Numbers from 0 to `limit` − 1 may be marked from now on; none is. */
  reset(limit: number): void {
    for (const number of this.#list) this.#marked[number] = 0;
    this.#list.length = 0;
    if (this.#marked.length < limit) this.#marked = new Uint8Array(limit);
  }

  /** Marks `number`; false if it was marked already. */
  add(number: number): boolean {
    if (this.#marked[number] !== 0) return false;
    this.#marked[number] = 1;
    this.#list.push(number);
    return true;
  }

  /** The numbers that are marked, in the order in which they were. */
  get marked(): readonly number[] {
    return this.#list;
  }

  get size(): number {
    return this.#list.length;
  }
}

/** Tables of the search, and the count of what it does. */
export class SearchTables {
  readonly work: PlanningWork;
  readonly diagonals = new Marks();
  readonly babies = new Marks();
  readonly giants = new Marks();
  readonly babySteps = new Marks();
  readonly giantSteps = new Marks();

  constructor(work: PlanningWork) {
    this.work = work;
  }
}

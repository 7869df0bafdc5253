// Work under way, by name: all who ask for it meanwhile wait for the same, and it stops when nobody waits any more.
import { type CallLimits, withLimits } from '../base/controls.ts';
import { throwIfAborted } from '../base/errors.ts';

interface UnderWay<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

/** Pieces of work that lead to a `T` each. What they led to is kept by whoever wants it. */
export class SharedWork<T> {
  readonly #underWay = new Map<string, UnderWay<T>>();

  /**
   * What the work `name` leads to, within the caller's limits; `begin` starts it where it is not under way. One caller's
   * stop or timeout is nothing to the others: the signal that `begin` is given fires when the last of them has left.
   * @throws SealedError `aborted`, `timeout`, or whatever the work throws, to all who wait for it
   */
  async get(name: string, begin: (signal: AbortSignal) => Promise<T>, limits: CallLimits): Promise<T> {
    throwIfAborted(limits.signal, limits.stage);
    const work = this.#underWay.get(name) ?? this.#begin(name, begin);
    work.waiting += 1;
    try {
      return await withLimits(work.result, limits);
    } finally {
      work.waiting -= 1;
      if (work.waiting === 0) {
        this.#leave(name, work);
        work.stop.abort();
      }
    }
  }

  #begin(name: string, begin: (signal: AbortSignal) => Promise<T>): UnderWay<T> {
    const stop = new AbortController();
    const work: UnderWay<T> = { result: begin(stop.signal), stop, waiting: 0 };
    this.#underWay.set(name, work);
    const leave = (): void => this.#leave(name, work);
    work.result.then(leave, leave);
    return work;
  }

  /** Whoever asks from now on begins anew. */
  #leave(name: string, work: UnderWay<T>): void {
    if (this.#underWay.get(name) === work) this.#underWay.delete(name);
  }
}

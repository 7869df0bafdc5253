// A cache with a budget: what was used least recently goes first, and never what is in use.

interface Entry<V> {
  readonly value: V;
  weight: number;
  pins: number;
}

/** Values by name, within a total weight. Insertion order is the order of last use. */
export class BudgetCache<V> {
  readonly #budget: number;
  readonly #onEvict: (name: string, value: V) => void;
  readonly #entries = new Map<string, Entry<V>>();
  #weight = 0;

  /** @param onEvict told of every value that leaves, whether for want of room or by {@link delete} */
  constructor(budget: number, onEvict: (name: string, value: V) => void = () => undefined) {
    this.#budget = budget;
    this.#onEvict = onEvict;
  }

  get weight(): number {
    return this.#weight;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, which counts as used now. */
  get(name: string): V | undefined {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry.value;
  }

  /** Keeps a value, and lets others go where the budget asks for it. */
  set(name: string, value: V, weight: number): void {
    this.delete(name);
    this.#entries.set(name, { value, weight, pins: 0 });
    this.#weight += weight;
    this.#evict(name);
  }

  /** Adds to the weight of a value that has grown. */
  grow(name: string, by: number): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    entry.weight += by;
    this.#weight += by;
    this.#evict(name);
  }

  /** Keeps a value from leaving for want of room until what is returned is disposed. */
  pin(name: string): Disposable {
    const entry = this.#entries.get(name);
    if (entry) entry.pins += 1;
    return {
      [Symbol.dispose]: () => {
        if (entry) entry.pins -= 1;
        this.#evict();
      },
    };
  }

  /** Lets a value go, pinned or not. */
  delete(name: string): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    this.#entries.delete(name);
    this.#weight -= entry.weight;
    this.#onEvict(name, entry.value);
  }

  /** Lets everything go. */
  clear(): void {
    for (const name of [...this.#entries.keys()]) this.delete(name);
  }

  #evict(kept?: string): void {
    for (const [name, { pins }] of [...this.#entries]) {
      if (this.#weight <= this.#budget) return;
      if (pins === 0 && name !== kept) this.delete(name);
    }
  }
}

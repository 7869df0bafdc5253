// The masks (c_1) of what a key has encrypted, to know them again in an answer.

/** Rows of residues that were used as masks. */
export class Masks {
  // By their first two words, which chance makes equal once in 2^52 times.
  readonly #rows = new Map<number, Uint32Array[]>();

  add(row: Uint32Array): void {
    const name = nameOf(row);
    this.#rows.set(name, [...(this.#rows.get(name) ?? []), row]);
  }

  /** Whether `row` is one of them, word for word. */
  has(row: Uint32Array): boolean {
    const alike = this.#rows.get(nameOf(row)) ?? [];
    return alike.some((known) => known.length === row.length && known.every((word, i) => word === row[i]));
  }
}

function nameOf(row: Uint32Array): number {
  return row[0] * 2 ** 21 + (row[1] % 2 ** 21);
}

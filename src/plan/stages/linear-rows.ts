// What a linear stage multiplies and adds: the rows of a matrix by generalised diagonals.

/** A plaintext factor: one number for all slots, or one value a slot. */
export type Diagonal =
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'vector'; readonly values: Float32Array };

/** `rotate(inputs[input], step) ⊙ diagonal`; step is the baby step, 0 to slots − 1, to the left. */
export interface Term {
  readonly input: number;
  readonly step: number;
  readonly diagonal: Diagonal;
}

/** `rotate(Σ terms, giantStep)`. */
export interface RotatedSum {
  readonly giantStep: number;
  readonly terms: readonly Term[];
}

/** One output ciphertext of a linear stage: `Σ sums + bias`. */
export interface LinearRow {
  readonly sums: readonly RotatedSum[];
  readonly bias: Diagonal | undefined;
}

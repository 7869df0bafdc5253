// What a linear stage multiplies and adds: the rows of a matrix by generalised diagonals.

/**
 * A plaintext factor: one number for all slots, one value a slot, or one complex value a slot. Slots are complex numbers
 * (Cheon, Kim, Kim and Song 2017): real values times complex factors give two results in one ciphertext.
 */
export type Diagonal =
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'vector'; readonly values: Float32Array }
  | { readonly kind: 'complex'; readonly real: Float32Array; readonly imaginary: Float32Array };

/** One whose factors are real. */
export type RealDiagonal = Exclude<Diagonal, { kind: 'complex' }>;

/** The vectors that `diagonal` is made of. */
export function vectorsOf(diagonal: Diagonal): readonly Float32Array[] {
  if (diagonal.kind === 'scalar') return [];
  return diagonal.kind === 'vector' ? [diagonal.values] : [diagonal.real, diagonal.imaginary];
}

/** `diagonal` with `change` made to each of its vectors. */
export function withVectors(
  diagonal: Exclude<Diagonal, { kind: 'scalar' }>,
  change: (vector: Float32Array) => Float32Array,
): Diagonal {
  if (diagonal.kind === 'vector') return { kind: 'vector', values: change(diagonal.values) };
  return { kind: 'complex', real: change(diagonal.real), imaginary: change(diagonal.imaginary) };
}

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

// The seeds and sizes of the two sets of codes, so that training and measuring cannot drift apart.

/** A set of codes: the seed of its payloads, how many, and the smallest and largest version, in equal shares. */
export interface CodeSet {
  readonly seed: number;
  readonly count: number;
  readonly versions: readonly [number, number];
}

/** The codes whose neighbourhoods are counted for the weights of the training loss. */
export const TRAINING_CODES: CodeSet = { seed: 20240607, count: 2000, versions: [1, 20] };

/** Codes that training never saw, on which the error in the cards is measured. */
export const UNSEEN_CODES: CodeSet = { seed: 977, count: 500, versions: [1, 10] };

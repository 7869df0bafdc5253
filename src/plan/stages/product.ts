// Product stages: pairs of ciphertexts multiplied, squares among them.
import { NO_OPERATIONS, type StageBase, type StageKind } from './stage-kind.ts';

/** Input `left` times input `right`; without `right`, input `left` carried on. */
export interface Pair {
  readonly left: number;
  readonly right: number | undefined;
  /** Whether what is carried on only loses its last prime, and is not multiplied. */
  readonly drop?: true;
}

/**
 * Multiplies pairs of ciphertexts, relinearises, then rescales. A pair of equal operands is a square. An output without
 * `right` is `left` carried on: multiplied by 1 at `inScale`, so that it reaches the level and scale of the others; or, with
 * `drop`, its residues of all primes but the last as they are. Read at `outScale`, these are worth `inScale / outScale`
 * times what they were: weights before or after the stage make that good.
 *
 * Rescaling first would relinearise more cheaply, one level down, but the third polynomial's rounding error meets s²,
 * whose coefficients are √N times larger: 2^17 units in a slot instead of 2^11 (docs/decisions/relinearise-first.md has the
 * measured errors).
 */
export interface ProductStage extends StageBase {
  readonly kind: 'product';
  readonly pairs: readonly Pair[];
}

/** Pairs that square `count` ciphertexts in order. */
export function squares(count: number): Pair[] {
  return Array.from({ length: count }, (_, i) => ({ left: i, right: i }));
}

// A product and its relinearisation beside a product with a plaintext: enough for a progress bar.
const PRODUCT_WORK = 10;

function isSquare({ pairs }: ProductStage): boolean {
  return pairs.every(({ left, right }) => left === right);
}

function products({ pairs }: ProductStage): number {
  return pairs.filter(({ right }) => right !== undefined).length;
}

function dropped({ pairs }: ProductStage): number {
  return pairs.filter(({ drop }) => drop).length;
}

function reads({ left, right = left }: Pair): number[] {
  return left === right ? [left] : [left, right];
}

/** Everything about product stages. */
export const productKind: StageKind<ProductStage> = {
  word: (stage) => (isSquare(stage) ? 'square' : 'product'),
  print(stage) {
    const { length } = stage.pairs;
    if (isSquare(stage)) return `${length} ciphertexts`;
    const multiplied = products(stage);
    const free = dropped(stage);
    const rest = length - multiplied - free;
    const carried = [free > 0 ? `${free} carried on` : '', rest > 0 ? `${rest} carried on times 1` : ''];
    return [`${multiplied} products`, ...carried].filter(Boolean).join(', ');
  },
  part: () => undefined,
  outputs: ({ pairs }) => pairs.length,
  reads: ({ pairs }, output) => reads(pairs[output]),
  drops: () => true,
  factorScale: ({ inScale }) => inScale,
  operations(stage) {
    const multiplied = products(stage);
    const scaled = stage.pairs.length - dropped(stage);
    return {
      ...NO_OPERATIONS,
      square: multiplied,
      relinearize: multiplied,
      multiplyScalar: scaled - multiplied,
      rescale: scaled,
    };
  },
  steps: () => [],
  work: ({ pairs }, output) => (pairs[output].right === undefined ? 1 : PRODUCT_WORK),
  pick: (stage, outputs) => ({ ...stage, pairs: outputs.map((output) => stage.pairs[output]) }),
  verify({ pairs }, { inputs, reject }) {
    if (pairs.some(({ right, drop }) => drop && right !== undefined)) {
      throw reject('what is multiplied cannot only lose a prime.');
    }
    for (const input of pairs.flatMap(reads)) {
      if (!Number.isInteger(input) || input < 0 || input >= inputs)
        throw reject(`there is no input ${input}.`);
    }
  },
};

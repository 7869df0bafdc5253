// Linear maps that mix channels and leave positions alone: 1×1 convolutions, constants, concatenations and their products.
import { assert } from '../../base/assert.ts';

/** One number for every position, or one a position. */
export type Weight = number | Float32Array;

/** One input channel's share in an output channel. */
export interface ChannelTerm {
  readonly input: number;
  readonly weight: Weight;
}

/** `out[o, p] = Σ terms weight[p] · in[input, p] + bias[o][p]` for every position p. */
export interface ChannelMap {
  /** Layers composed into it, in order. */
  readonly layers: readonly string[];
  readonly inputs: number;
  readonly positions: number;
  readonly rows: readonly { readonly terms: readonly ChannelTerm[]; readonly bias: Weight }[];
}

/** a·b, position by position. */
export function multiplyWeights(a: Weight, b: Weight): Weight {
  if (typeof a === 'number') return typeof b === 'number' ? a * b : scaled(b, a);
  return typeof b === 'number' ? scaled(a, b) : a.map((value, p) => value * b[p]);
}

function scaled(field: Float32Array, factor: number): Weight {
  if (factor === 0) return 0;
  return factor === 1 ? field : field.map((value) => value * factor);
}

/** a + b, position by position. */
export function addWeights(a: Weight, b: Weight): Weight {
  if (typeof a === 'number') {
    if (typeof b === 'number') return a + b;
    return a === 0 ? b : b.map((value) => value + a);
  }
  return typeof b === 'number' ? addWeights(b, a) : a.map((value, p) => value + b[p]);
}

/** Whether a weight is zero everywhere. */
export function isZero(weight: Weight): boolean {
  return typeof weight === 'number' ? weight === 0 : weight.every((value) => value === 0);
}

/** The map `second ∘ first` as one. */
export function composeMaps(first: ChannelMap, second: ChannelMap): ChannelMap {
  assert(second.inputs === first.rows.length, 'the second map takes what the first puts out');
  const rows = second.rows.map((row) => {
    const byInput = new Map<number, Weight>();
    let bias = row.bias;
    for (const { input: middle, weight } of row.terms) {
      const inner = first.rows[middle];
      bias = addWeights(bias, multiplyWeights(weight, inner.bias));
      for (const term of inner.terms) {
        const product = multiplyWeights(weight, term.weight);
        byInput.set(term.input, addWeights(byInput.get(term.input) ?? 0, product));
      }
    }
    const terms = [...byInput].map(([input, weight]) => ({ input, weight })).filter((t) => !isZero(t.weight));
    return { terms, bias };
  });
  const layers = [...first.layers, ...second.layers];
  return { layers, inputs: first.inputs, positions: first.positions, rows };
}

/** How many terms are numbers and how many are fields. */
export function countTerms(map: ChannelMap): { scalars: number; fields: number } {
  let scalars = 0;
  let fields = 0;
  for (const row of map.rows) {
    for (const term of row.terms) {
      if (typeof term.weight === 'number') scalars += 1;
      else fields += 1;
    }
  }
  return { scalars, fields };
}

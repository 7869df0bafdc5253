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

/** Whether a weight is zero everywhere. */
export function isZero(weight: Weight): boolean {
  return typeof weight === 'number' ? weight === 0 : weight.every((value) => value === 0);
}

/** A sum of products of weights that grows in place: fields of a large picture are many, and long. */
class WeightSum {
  #number = 0;
  #field: Float32Array | undefined;

  constructor(start: Weight = 0) {
    if (typeof start === 'number') this.#number = start;
    else this.#field = start.slice();
  }

  /** Adds a·b, position by position. */
  add(a: Weight, b: Weight): void {
    if (typeof a === 'number' && typeof b === 'number') {
      this.#number += a * b;
      return;
    }
    const factor = typeof a === 'number' ? a : typeof b === 'number' ? b : 1;
    if (factor === 0) return;
    const left = typeof a === 'number' ? (b as Float32Array) : a;
    const field = (this.#field ??= new Float32Array(left.length));
    if (typeof a !== 'number' && typeof b !== 'number') {
      for (let p = 0; p < field.length; p += 1) field[p] += a[p] * b[p];
    } else {
      for (let p = 0; p < field.length; p += 1) field[p] += factor * left[p];
    }
  }

  value(): Weight {
    const field = this.#field;
    if (!field) return this.#number;
    if (this.#number !== 0) for (let p = 0; p < field.length; p += 1) field[p] += this.#number;
    this.#number = 0;
    return field;
  }
}

/** The map `second ∘ first` as one. */
export function composeMaps(first: ChannelMap, second: ChannelMap): ChannelMap {
  assert(second.inputs === first.rows.length, 'the second map takes what the first puts out');
  const rows = second.rows.map((row) => {
    const byInput = new Map<number, WeightSum>();
    const bias = new WeightSum(row.bias);
    for (const { input: middle, weight } of row.terms) {
      const inner = first.rows[middle];
      bias.add(weight, inner.bias);
      for (const term of inner.terms) {
        let sum = byInput.get(term.input);
        if (!sum) byInput.set(term.input, (sum = new WeightSum()));
        sum.add(weight, term.weight);
      }
    }
    const terms = [...byInput]
      .map(([input, sum]) => ({ input, weight: sum.value() }))
      .filter((term) => !isZero(term.weight));
    return { terms, bias: bias.value() };
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

// A network as products joined by affine maps: what is left of a graph once every run of linear layers is one matrix.
import { assert } from '../../base/assert.ts';
import type { Shape, ValueId } from '../../model/graph.ts';
import { PlanningWork } from './planning-work.ts';
import {
  addApplied,
  addMatrices,
  applyMatrix,
  gatherMatrix,
  identityFactor,
  identityMatrix,
  multiplyMatrices,
  nonZeros,
  productWork,
  scaleRows,
  type SparseMap,
  type SparseMatrix,
} from './sparse-map.ts';

/** `Σ part.matrix · base[part.base] + bias`. */
export interface Affine {
  readonly shape: Shape;
  readonly parts: readonly { readonly base: number; readonly matrix: SparseMatrix }[];
  readonly bias: Float64Array;
  /** Layers composed into it, in order. */
  readonly layers: readonly ValueId[];
}

/**
 * A value that exists as ciphertexts: the input, a product of two affine values (a square where both are the same
 * object), or an affine value worth having by itself.
 */
export interface Base {
  readonly kind: 'input' | 'product' | 'copy';
  /** Layers it is computed for; none for the input. */
  readonly layers: readonly ValueId[];
  readonly shape: Shape;
  readonly size: number;
  readonly left: Affine | undefined;
  readonly right: Affine | undefined;
  /** The earliest round of one linear and one product stage that can make it; the input's is −1. */
  readonly phase: number;
}

/** Bases in an order in which each uses earlier ones only; the output is affine in them. */
export interface Program {
  readonly bases: readonly Base[];
  readonly output: Affine;
}

// A product of two matrices this many times larger than both is not worth the level it saves: a narrow layer in between.
const MOST_GROWTH = 8;
const LEAST_CUT = 100_000;
const MOST_COMPOSED = 5e7;

/** Builds a {@link Program}. */
export class ProgramBuilder {
  readonly #bases: Base[] = [];
  readonly #work: PlanningWork;
  readonly #mostGrowth: number;
  #hasGrown = false;

  /** @param mostGrowth times that a composed matrix may be larger than those that it is composed of */
  constructor(work = new PlanningWork(), mostGrowth = MOST_GROWTH) {
    this.#work = work;
    this.#mostGrowth = mostGrowth;
  }

  /** Whether a matrix was composed that is larger than those that it is composed of: behind a bottleneck. */
  get hasGrown(): boolean {
    return this.#hasGrown;
  }

  /** The network's input as an affine value. */
  input(shape: Shape, size: number): Affine {
    assert(this.#bases.length === 0, 'a program has one input');
    return this.#add({
      kind: 'input',
      layers: [],
      shape,
      size,
      left: undefined,
      right: undefined,
      phase: -1,
    });
  }

  /** A builder that goes on from here, with the same bases so far. */
  fork(): ProgramBuilder {
    const fork = new ProgramBuilder(this.#work, this.#mostGrowth);
    fork.#bases.push(...this.#bases);
    return fork;
  }

  #add(base: Base): Affine {
    this.#bases.push(base);
    return {
      shape: base.shape,
      parts: [{ base: this.#bases.length - 1, matrix: identityMatrix(base.size) }],
      bias: new Float64Array(base.size),
      layers: [],
    };
  }

  #phaseAfter(values: readonly Affine[]): number {
    return (
      1 + Math.max(-1, ...values.flatMap(({ parts }) => parts.map(({ base }) => this.#bases[base].phase)))
    );
  }

  /** `map` applied to `value`, which is first made a value of its own where the composed matrix would be far larger. */
  apply(map: SparseMap, value: Affine, shape: Shape, layer: ValueId): Affine {
    const own = nonZeros(map.matrix);
    const work = value.parts.reduce((sum, { matrix }) => sum + productWork(map.matrix, matrix), 0);
    const before = value.parts.reduce((sum, { matrix }) => sum + nonZeros(matrix), 0);
    // Multiplying it out to see what remains may itself be too much.
    if (work > MOST_COMPOSED && work > own)
      return this.apply(map, this.copy(value, value.layers), shape, layer);
    this.#work.add('composed', work);
    if (work > LEAST_CUT && work > this.#mostGrowth * (own + before)) {
      const parts = value.parts.map((part) => ({
        base: part.base,
        matrix: multiplyMatrices(map.matrix, part.matrix),
      }));
      const grown = parts.reduce((sum, { matrix }) => sum + nonZeros(matrix), 0);
      if (grown > this.#mostGrowth * (own + before)) {
        return this.apply(map, this.copy(value, value.layers), shape, layer);
      }
      return this.#applied(parts, map, value, shape, layer);
    }
    const parts = value.parts.map((part) => ({
      base: part.base,
      matrix: multiplyMatrices(map.matrix, part.matrix),
    }));
    return this.#applied(parts, map, value, shape, layer);
  }

  #applied(parts: Affine['parts'], map: SparseMap, value: Affine, shape: Shape, layer: ValueId): Affine {
    const sizes = (matrices: readonly { readonly matrix: SparseMatrix }[]): number =>
      matrices.reduce((sum, { matrix }) => sum + nonZeros(matrix), 0);
    const size = sizes(parts);
    if (size > LEAST_CUT && size > sizes([map, ...value.parts])) this.#hasGrown = true;
    const bias = applyMatrix(map.matrix, value.bias);
    map.bias?.forEach((b, i) => (bias[i] += b));
    return { shape, parts, bias, layers: [...value.layers, layer] };
  }

  /** `a + b·sign`. */
  add(a: Affine, b: Affine, sign = 1): Affine {
    const parts = new Map(a.parts.map(({ base, matrix }) => [base, matrix]));
    for (const { base, matrix } of b.parts) {
      const signed = sign === 1 ? matrix : scaleRows(matrix, () => sign);
      const known = parts.get(base);
      if (known) this.#work.add('composed', nonZeros(known) + nonZeros(matrix));
      parts.set(base, known ? addMatrices(known, signed) : signed);
    }
    return {
      shape: a.shape,
      parts: [...parts].map(([base, matrix]) => ({ base, matrix })),
      bias: a.bias.map((value, i) => value + sign * b.bias[i]),
      layers: [...new Set([...a.layers, ...b.layers])],
    };
  }

  /** `factor[i]·value[i] + offset[i]`, element by element. */
  scale(value: Affine, factor: (i: number) => number, offset: (i: number) => number): Affine {
    return {
      ...value,
      parts: value.parts.map(({ base, matrix }) => ({ base, matrix: scaleRows(matrix, factor) })),
      bias: value.bias.map((b, i) => factor(i) * b + offset(i)),
    };
  }

  /** `left ⊙ right`; a square where both are the same object. */
  product(left: Affine, right: Affine, ...layers: readonly ValueId[]): Affine {
    const phase = this.#phaseAfter([left, right]);
    const value = this.#add({
      kind: 'product',
      layers,
      shape: left.shape,
      size: left.bias.length,
      left,
      right,
      phase,
    });
    return withConstants(value, left, right);
  }

  /** `value` as ciphertexts of its own. */
  copy(value: Affine, layers: readonly ValueId[]): Affine {
    const phase = this.#phaseAfter([value]);
    const base = { layers, shape: value.shape, size: value.bias.length, phase };
    return this.#add({ ...base, kind: 'copy', left: value, right: undefined });
  }

  finish(output: Affine): Program {
    return { bases: this.#bases, output };
  }
}

/** `value`, the product of `left` and `right`, with those of its elements as numbers that no input changes. */
function withConstants(value: Affine, left: Affine, right: Affine): Affine {
  const isFixed = ({ parts }: Affine, row: number): boolean =>
    parts.every(({ matrix: { rowStart } }) => rowStart[row + 1] === rowStart[row]);
  const sources = Int32Array.from(value.bias, (_, i) => (isFixed(left, i) && isFixed(right, i) ? -1 : i));
  if (!sources.includes(-1) || sources.every((source) => source < 0)) return value;
  const [{ base }] = value.parts;
  return {
    ...value,
    parts: [{ base, matrix: gatherMatrix(sources, sources.length) }],
    bias: value.bias.map((zero, i) => (sources[i] < 0 ? left.bias[i] * right.bias[i] : zero)),
  };
}

/** Whether `value` is small whole multiples of whole bases, plus constants: then it costs no level. */
export function isFree(value: Affine): boolean {
  return (
    value.parts.length > 0 &&
    value.parts.every(({ matrix }) => {
      const factor = identityFactor(matrix);
      return factor !== undefined && Number.isInteger(factor) && Math.abs(factor) <= 64;
    })
  );
}

/** The base that `value` is, if it is one unchanged. */
export function soleBase(value: Affine): number | undefined {
  if (value.parts.length !== 1 || !value.bias.every((b) => b === 0)) return undefined;
  const [{ base, matrix }] = value.parts;
  return identityFactor(matrix) === 1 ? base : undefined;
}

/** Evaluates `value` on base values in float64. */
function evaluateAffine(value: Affine, bases: readonly Float64Array[]): Float64Array {
  const out = Float64Array.from(value.bias);
  for (const { base, matrix } of value.parts) addApplied(matrix, bases[base], out);
  return out;
}

/** A program's values for one input, in float64. */
export interface ProgramValues {
  readonly bases: readonly Float64Array[];
  readonly output: Float64Array;
  /** Any affine value of the bases; those that the program computes anyway are not computed again. */
  of(affine: Affine): Float64Array;
}

/** What every base and the output are for `input`. */
export function evaluateProgram(program: Program, input: ArrayLike<number>): ProgramValues {
  const bases: Float64Array[] = [];
  const known = new Map<Affine, Float64Array>();
  const of = (affine: Affine): Float64Array => {
    let values = known.get(affine);
    if (!values) known.set(affine, (values = evaluateAffine(affine, bases)));
    return values;
  };
  for (const { left, right } of program.bases) {
    if (!left) {
      bases.push(Float64Array.from(input));
      continue;
    }
    const values = of(left);
    if (right) {
      const factor = of(right);
      bases.push(values.map((x, i) => x * factor[i]));
    } else bases.push(values);
  }
  return { bases, output: of(program.output), of };
}

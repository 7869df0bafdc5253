// Element-wise quadratics of one value, kept as coefficients until something needs them: then they are one square, whatever
// the form in which a network writes a·x² + b·x + c.
import { elementCount, type Node, type Shape, type ValueId } from '../../model/graph.ts';
import type { SparseMap } from './sparse-map.ts';
import { type Affine, isFree, type ProgramBuilder } from './program.ts';

/** `a[i]·root[i]² + b[i]·root[i] + c[i]` for each element i. */
export interface Quadratic {
  /** The value it is of: two quadratics belong together where this is one object. */
  readonly root: Affine;
  readonly shape: Shape;
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly c: Float64Array;
  /** Layers in it besides the root's: before its square is made, those that make it, and after that. */
  readonly layers: Record<Part, readonly ValueId[]>;
}

type Part = 'before' | 'square' | 'after';
/** The factors of one, without what they are of. */
type Coefficients = Pick<Quadratic, 'a' | 'b' | 'c'>;

const NO_LAYERS: Quadratic['layers'] = { before: [], square: [], after: [] };

/** `root` as a quadratic. */
export function quadraticOf(root: Affine): Quadratic {
  const size = root.bias.length;
  const zero = new Float64Array(size);
  return { root, shape: root.shape, a: zero, b: new Float64Array(size).fill(1), c: zero, layers: NO_LAYERS };
}

function isLinear({ a }: Coefficients): boolean {
  return a.every((value) => value === 0);
}

/** Whether it is its root, perhaps in another shape. */
function isRoot({ a, b, c }: Quadratic): boolean {
  return a.every((_, i) => a[i] === 0 && b[i] === 1 && c[i] === 0);
}

/** `x ⊙ y` of two linear ones. */
function product(x: Quadratic, y: Quadratic): Coefficients {
  return {
    a: x.b.map((_, i) => x.b[i] * y.b[i]),
    b: x.b.map((_, i) => x.b[i] * y.c[i] + x.c[i] * y.b[i]),
    c: x.b.map((_, i) => x.c[i] * y.c[i]),
  };
}

/** `factor · x + y`, element by element. */
function combine(
  factor: (i: number) => number,
  x: Coefficients,
  y: (i: number, k: keyof Coefficients) => number,
): Coefficients {
  const one = (k: keyof Coefficients): Float64Array => x[k].map((v, i) => factor(i) * v + y(i, k));
  return { a: one('a'), b: one('b'), c: one('c') };
}

/** `coefficients` of x, at most of degree 2 in the root; undefined beyond. */
function composed(coefficients: readonly number[], x: Quadratic): Coefficients | undefined {
  const [c = 0, b = 0, a = 0, ...higher] = coefficients;
  if (higher.some((k) => k !== 0)) return undefined;
  const constant = (_: number, k: keyof Coefficients): number => (k === 'c' ? c : 0);
  const linear = combine(() => b, x, constant);
  if (a === 0) return linear;
  if (!isLinear(x)) return undefined;
  return combine(
    () => a,
    product(x, x),
    (i, k) => linear[k][i],
  );
}

/**
 * What `node` makes of quadratics, as another one of the same root; undefined where it is none.
 * @param mapOf the map of a linear layer
 */
export function quadraticAfter(
  node: Node,
  inputs: readonly Quadratic[],
  mapOf: () => SparseMap | undefined,
): Quadratic | undefined {
  const [x, y = x] = inputs;
  // Constants that spread a value out over more elements do not work element by element.
  if (x.a.length !== elementCount(node.shape) || x.root !== y.root) return undefined;
  const made = (next: Coefficients | undefined): Quadratic | undefined =>
    next && { root: x.root, shape: node.shape, layers: layersAfter(node.id, [x, y], next), ...next };
  switch (node.op) {
    case 'reshape':
      return { ...x, shape: node.shape };
    case 'mulConstant': {
      const factors = diagonalOf(mapOf());
      return (
        factors &&
        made(
          combine(
            (i) => factors[i],
            x,
            () => 0,
          ),
        )
      );
    }
    case 'addConstant': {
      const bias = mapOf()?.bias;
      return bias && made({ a: x.a, b: x.b, c: x.c.map((value, i) => value + bias[i]) });
    }
    case 'add':
      return made(combine(() => 1, x, (i, k) => y[k][i])); // prettier-ignore
    case 'subtract':
      return made(combine(() => 1, x, (i, k) => -y[k][i])); // prettier-ignore
    case 'square':
    case 'multiply':
      return isLinear(x) && isLinear(y) ? made(product(x, y)) : undefined;
    case 'polynomial':
      return made(composed(node.coefficients, x));
    default:
      return undefined;
  }
}

/** The layers of `inputs` and `layer` itself, which comes to `next`. */
function layersAfter(layer: ValueId, inputs: readonly Quadratic[], { a }: Coefficients): Quadratic['layers'] {
  const part = inputs.some((input) => !isLinear(input))
    ? 'after'
    : a.some((v) => v !== 0)
      ? 'square'
      : 'before';
  const all = (name: Part): ValueId[] => [
    ...new Set([...inputs.flatMap(({ layers }) => layers[name]), ...(name === part ? [layer] : [])]),
  ];
  return { before: all('before'), square: all('square'), after: all('after') };
}

/** The factor of each element of a map that multiplies element by element. */
function diagonalOf(map: SparseMap | undefined): Float64Array | undefined {
  if (!map) return undefined;
  const { rowCount, rowStart, values } = map.matrix;
  return Float64Array.from({ length: rowCount }, (_, row) =>
    rowStart[row + 1] > rowStart[row] ? values[rowStart[row]] : 0,
  );
}

// Completing the square subtracts b²/4a from it: beyond this many times the largest value of the root, noise counts.
const MOST_SHIFT = 64;
// Factors this much smaller than the largest count as none.
const LEAST_FACTOR = 1e-6;

/** Whether every element is a square that is neither far from 0 nor next to none. */
function isSquareOf({ a, b }: Quadratic): boolean {
  const most = a.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return a.every(
    (value, i) =>
      Math.abs(value) >= LEAST_FACTOR * most && Math.abs(b[i]) <= 2 * MOST_SHIFT * Math.abs(value),
  );
}

/**
 * `quadratic` as an affine value: nothing but its root, a linear map of it, or of one square.
 * A square has its factor √|a| inside, where a map before it takes it up, or a outside, where there is no such map.
 */
export function materialize(builder: ProgramBuilder, quadratic: Quadratic): Affine {
  const { root, shape, a, b, c, layers } = quadratic;
  if (isRoot(quadratic)) return shape === root.shape ? root : { ...root, shape };
  const add = (value: Affine, part: Part): Affine => ({
    ...value,
    shape,
    layers: [...new Set([...value.layers, ...layers[part]])],
  });
  // What has rows and columns says more about what is near what: a square is laid out by them.
  const x = { ...add(root, 'before'), shape: root.shape.length > shape.length ? root.shape : shape };
  const linear = (factor: (i: number) => number, offset: (i: number) => number): Affine =>
    builder.scale(x, factor, offset);
  if (isLinear(quadratic)) {
    const value = linear(
      (i) => b[i],
      (i) => c[i],
    );
    return { ...value, shape };
  }
  const square = (
    left: Affine,
    right: Affine,
    factor: (i: number) => number,
    rest: (i: number) => number,
  ): Affine => add(builder.scale(builder.product(left, right, ...layers.square), factor, rest), 'after');
  if (!isSquareOf(quadratic)) {
    const left = linear(
      (i) => a[i],
      (i) => b[i],
    );
    return square(
      left,
      x,
      () => 1,
      (i) => c[i],
    );
  }
  const isOutside = isFree(x) || a.every((value) => Math.abs(value) === 1);
  const inside = (i: number): number => (isOutside ? 1 : Math.sqrt(Math.abs(a[i])));
  const isPlain = isOutside && b.every((value) => value === 0);
  const shifted = isPlain ? x : linear(inside, (i) => (inside(i) * b[i]) / (2 * a[i]));
  return square(
    shifted,
    shifted,
    (i) => (isOutside ? a[i] : Math.sign(a[i])),
    (i) => c[i] - (b[i] * b[i]) / (4 * a[i]),
  );
}

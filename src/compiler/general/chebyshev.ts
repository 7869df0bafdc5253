// Polynomials in the Chebyshev basis: fitting a function over a range, and evaluating a series by products of few levels.
import { SealedError } from '../../base/errors.ts';
import { cos, exponentOf, powerOfTwo } from '../../base/exact-math.ts';
import type { ValueId } from '../../model/graph.ts';
import type { Affine, ProgramBuilder } from './program.ts';

/** `Σ coefficients[i]·T_i(u)` with u = (2x − low − high) / (high − low) in [−1, 1]. */
export interface ChebyshevSeries {
  readonly low: number;
  readonly high: number;
  readonly coefficients: readonly number[];
}

/** Interpolation of `f` at the `degree + 1` Chebyshev nodes of [low, high]; exact for polynomials of that degree. */
export function interpolate(
  f: (x: number) => number,
  low: number,
  high: number,
  degree: number,
): ChebyshevSeries {
  const count = degree + 1;
  const samples = Array.from({ length: count }, (_, i) => {
    const u = cos((Math.PI * (i + 0.5)) / count);
    return f((u * (high - low) + low + high) / 2);
  });
  const coefficients = Array.from({ length: count }, (_, k) => {
    const sum = samples.reduce((s, y, i) => s + y * cos((Math.PI * k * (i + 0.5)) / count), 0);
    return (k === 0 ? 1 : 2) * (sum / count);
  });
  return { low, high, coefficients };
}

/** The series at `x` (Clenshaw's recurrence). */
export function evaluateSeries({ low, high, coefficients }: ChebyshevSeries, x: number): number {
  const u = (2 * x - low - high) / (high - low);
  let [b1, b2] = [0, 0];
  for (let k = coefficients.length - 1; k >= 1; k -= 1) [b1, b2] = [2 * u * b1 - b2 + coefficients[k], b1];
  return u * b1 - b2 + coefficients[0];
}

// Degrees 2^m − 1 use every product that m levels allow; the first takes none.
const DEGREES = [1, 3, 7, 15, 31];
const GRID = 2000;

/** A fit and how far it is from the function anywhere in its range. */
export interface Fit {
  readonly series: ChebyshevSeries;
  readonly maxAbsError: number;
}

// A bend of a function is sharp: between two points of the grid the difference may be larger by a part in some hundred.
const FINER_GRID = 200;

/** Largest difference between `series` and `f`: on a fine grid of the range, a finer one around its worst, and at zero, where activations bend. */
export function fitError(f: (x: number) => number, series: ChebyshevSeries): number {
  const { low, high } = series;
  const difference = (x: number): number => Math.abs(f(x) - evaluateSeries(series, x));
  const step = (high - low) / GRID;
  let worst = 0;
  let worstAt = low;
  for (let i = 0; i <= GRID; i += 1) {
    const x = low + ((high - low) * i) / GRID;
    const here = difference(x);
    if (here > worst) [worst, worstAt] = [here, x];
  }
  for (let i = -FINER_GRID; i <= FINER_GRID; i += 1) {
    const x = worstAt + (step * i) / FINER_GRID;
    if (x >= low && x <= high) worst = Math.max(worst, difference(x));
  }
  return low < 0 && high > 0 ? Math.max(worst, difference(0)) : worst;
}

/** The fit of least degree within `tolerance`, or the best of degree 31 with the error it has. */
export function fit(f: (x: number) => number, low: number, high: number, tolerance: number): Fit {
  let best: Fit | undefined;
  for (const degree of DEGREES) {
    const series = interpolate(f, low, high, degree);
    best = { series, maxAbsError: fitError(f, series) };
    if (best.maxAbsError <= tolerance) break;
  }
  return best!;
}

/**
 * Where a series' leaves come from: `composed` into the linear stage before, which saves a level, or computed `apart` from
 * the value itself, which saves that stage from being run once a leaf.
 */
export type Leaves = 'composed' | 'apart';

/** `change`, made once for each array: elements share their coefficients. */
function memoized(
  change: (coefficients: readonly number[]) => readonly number[],
): (coefficients: readonly number[]) => readonly number[] {
  const known = new Map<readonly number[], readonly number[]>();
  return (coefficients) => {
    let changed = known.get(coefficients);
    if (!changed) known.set(coefficients, (changed = change(coefficients)));
    return changed;
  };
}

/**
 * The series of `coefficientsOf(i)` at element i of `value`, all over one range and of one degree, as an affine value.
 * p = q·T_k + r with the largest power of two k ≤ degree, and q, r likewise (Paterson–Stockmeyer in the Chebyshev basis):
 * degree 2^m − 1 takes m products in a row, and no level for coefficients, since they sit in the leaves c₁·u + c₀ that the
 * linear stage before computes.
 */
export function expandSeries(
  builder: ProgramBuilder,
  value: Affine,
  range: { readonly low: number; readonly high: number },
  coefficientsOf: (i: number) => readonly number[],
  layer: ValueId,
  leaves: Leaves,
): Affine {
  const { low, high } = range;
  if (!(high > low)) {
    throw new SealedError('out-of-range', `The range of ${layer} is empty.`, { stage: 'compile' });
  }
  const degree = coefficientsOf(0).length - 1;
  const toUnit = 2 / (high - low);
  let u = builder.scale(
    value,
    () => toUnit,
    () => -(low + high) / (high - low),
  );
  if (degree > 2 && leaves === 'apart') u = builder.copy(u, [layer]);

  const powers: Affine[] = [u];
  const power = (log: number): Affine => {
    if (!powers[log]) {
      const half = power(log - 1);
      powers[log] = builder.scale(
        builder.product(half, half, layer),
        () => 2,
        () => -1,
      );
    }
    return powers[log];
  };

  const evaluate = (series: (i: number) => readonly number[], isRoot: boolean): Affine => {
    const top = series(0).length - 1;
    if (top <= 1) {
      const leaf = builder.scale(
        u,
        (i) => series(i)[1] ?? 0,
        (i) => series(i)[0],
      );
      return isRoot ? leaf : builder.copy(leaf, [layer]);
    }
    const log = exponentOf(top);
    const k = powerOfTwo(log);
    const quotientOf = memoized((c) => c.slice(k).map((value, j) => (j === 0 ? value : 2 * value)));
    const remainderOf = memoized((c) => {
      const rest = c.slice(0, k);
      for (let j = k + 1; j <= top; j += 1) rest[2 * k - j] -= c[j];
      return rest;
    });
    const quotient = (i: number): readonly number[] => quotientOf(series(i));
    const remainder = (i: number): readonly number[] => remainderOf(series(i));
    const lower = evaluate(remainder, isRoot && top === k);
    if (top === k) {
      const scaled = builder.scale(
        power(log),
        (i) => series(i)[k],
        () => 0,
      );
      return builder.add(scaled, lower);
    }
    const product = builder.product(evaluate(quotient, false), power(log), layer);
    return builder.add(product, lower);
  };
  return evaluate(coefficientsOf, true);
}

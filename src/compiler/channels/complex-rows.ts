// Two rows in one: slots are complex numbers, and what is computed up to here is real.
import type { Diagonal, LinearRow, RotatedSum, Term } from '../../plan/plan.ts';

/** Whether rows pay in pairs: factors of one value a slot cost the same when complex, numbers do not. */
export function payInPairs(rows: readonly LinearRow[]): boolean {
  let [vectors, scalars] = [0, 0];
  for (const { sums } of rows) {
    for (const { terms } of sums) {
      for (const { diagonal } of terms) {
        if (diagonal.kind === 'scalar') scalars += 1;
        else vectors += 1;
      }
    }
  }
  return vectors >= scalars;
}

/**
 * Rows whose real parts are those of `rows` at even places and whose imaginary parts are those at odd ones, `groups` of
 * them together: the last of an odd number stays as it is.
 */
export function pairedRows(rows: readonly LinearRow[], groups: number, slots: number): LinearRow[] {
  const zeros = new Float32Array(slots);
  const paired: LinearRow[] = [];
  for (let first = 0; first < rows.length; first += groups) {
    for (let at = first; at < first + groups; at += 2) {
      const isLast = at + 1 === first + groups;
      paired.push(isLast ? rows[at] : pairOf(rows[at], rows[at + 1], zeros));
    }
  }
  return paired;
}

function pairOf(real: LinearRow, imaginary: LinearRow, zeros: Float32Array): LinearRow {
  const steps = new Set([...real.sums, ...imaginary.sums].map(({ giantStep }) => giantStep));
  const termsAt = ({ sums }: LinearRow, step: number): readonly Term[] =>
    sums.find(({ giantStep }) => giantStep === step)?.terms ?? [];
  const sums = [...steps].map((giantStep): RotatedSum => {
    const places = new Map<string, { term: Term; real?: Diagonal; imaginary?: Diagonal }>();
    for (const term of termsAt(real, giantStep)) {
      places.set(`${term.input}:${term.step}`, { term, real: term.diagonal });
    }
    for (const term of termsAt(imaginary, giantStep)) {
      const place = `${term.input}:${term.step}`;
      places.set(place, { ...(places.get(place) ?? { term }), imaginary: term.diagonal });
    }
    const terms = [...places.values()].map(({ term, real: a, imaginary: b }) => ({
      ...term,
      diagonal: complexOf(a, b, zeros),
    }));
    return { giantStep, terms };
  });
  const hasBias = real.bias !== undefined || imaginary.bias !== undefined;
  return { sums, bias: hasBias ? complexOf(real.bias, imaginary.bias, zeros) : undefined };
}

/** a + b·i; what is not there is 0. */
function complexOf(a: Diagonal | undefined, b: Diagonal | undefined, zeros: Float32Array): Diagonal {
  if (a && !b) return a;
  return { kind: 'complex', real: spread(a, zeros), imaginary: spread(b, zeros) };
}

function spread(diagonal: Diagonal | undefined, zeros: Float32Array): Float32Array {
  if (!diagonal) return zeros;
  if (diagonal.kind === 'scalar') return new Float32Array(zeros.length).fill(diagonal.value);
  if (diagonal.kind === 'vector') return diagonal.values;
  throw new TypeError('What is complex is half of a pair already.');
}

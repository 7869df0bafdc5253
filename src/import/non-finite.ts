// Finds NaN and infinite numbers in what a layer computes with: nothing sound comes out of them.
import type { Activation, Operation } from '../model/graph.ts';

/** Whether every one of `values` is a finite number. */
export function allFinite(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i += 1) if (!Number.isFinite(values[i])) return false;
  return true;
}

/**
 * What is wrong with the numbers of `operation`, as words about "its" weight, bias and so on; undefined where all are
 * finite. The bounds of a clip may be infinite, which is how "no bound" is written.
 */
export function describeNonFinite(operation: Operation): string | undefined {
  const found = numbersOf(operation).find(([, values]) => !allFinite(values));
  if (!found) return undefined;
  const [name, values] = found;
  return describeNumbers(`its ${name}`, values);
}

/** Words for the NaN and infinite numbers among `values`, which are `what`; undefined where there are none. */
export function describeNumbers(what: string, values: ArrayLike<number>): string | undefined {
  let [infinite, nan, first] = [0, 0, -1];
  for (let i = 0; i < values.length; i += 1) {
    if (Number.isFinite(values[i])) continue;
    if (first < 0) first = i;
    if (Number.isNaN(values[i])) nan += 1;
    else infinite += 1;
  }
  const count = infinite + nan;
  if (count === 0) return undefined;
  const kind = infinite === 0 ? 'NaN' : nan === 0 ? 'infinite' : 'NaN or infinite';
  if (values.length === 1) return `${what} is ${kind}`;
  return `${count} of the ${values.length} numbers in ${what} ${count === 1 ? 'is' : 'are'} ${kind}, the first at index ${first}`;
}

/** The numbers that a layer computes with, by name. */
function numbersOf(operation: Operation): [string, ArrayLike<number>][] {
  if (operation.op === 'activation') return activationNumbers(operation.function);
  if (operation.op === 'polynomial') return [['coefficients', operation.coefficients]];
  return Object.entries(operation).flatMap(([name, field]: [string, unknown]): [string, Float32Array][] => {
    const data = typeof field === 'object' && field !== null && 'data' in field ? field.data : undefined;
    return data instanceof Float32Array ? [[name, data]] : [];
  });
}

function activationNumbers({ kind, ...fields }: Activation): [string, ArrayLike<number>][] {
  const isBounded = kind === 'clip' || kind === 'quantize';
  return Object.entries(fields).flatMap(([name, field]: [string, unknown]): [string, ArrayLike<number>][] => {
    const values = typeof field === 'number' ? [field] : Array.isArray(field) ? (field as number[]) : [];
    const isBound = isBounded && (name === 'low' || name === 'high');
    return [[name, isBound ? values.filter(Number.isNaN) : values]];
  });
}

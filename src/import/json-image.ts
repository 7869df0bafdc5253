// Inputs as JSON: nested arrays of numbers, and the NumPy array as jsonpickle writes it, which PyCrCNN uses.
import { SealedError } from '../base/errors.ts';
import type { Tensor } from '../model/graph.ts';
import { MAX_ELEMENTS } from './graph-builder.ts';
import { readArray } from './numpy.ts';

/** Deepest nesting of arrays that is read. */
const MAX_RANK = 16;

/**
 * Reads an input from JSON: nested arrays (`[[0, 0.5], …]`), `{"shape": […], "data": […]}`, or a jsonpickled NumPy array.
 * @throws SealedError `malformed-model` for anything else; nothing in the text is looked up or called.
 */
export function readJsonTensor(text: string): Tensor {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SealedError('malformed-model', 'The input is no valid JSON.', { stage: 'input', cause });
  }
  if (Array.isArray(value)) return fromNested(value);
  if (isRecord(value) && Array.isArray(value.shape) && Array.isArray(value.data)) {
    return checked(wholeNumbers(value.shape), value.data.map(toNumber));
  }
  if (isRecord(value) && 'py/reduce' in value) return fromJsonpickle(value['py/reduce']);
  throw malformed('it is neither an array nor a jsonpickled NumPy array');
}

function fromNested(value: readonly unknown[]): Tensor {
  const shape: number[] = [];
  for (let at: unknown = value; Array.isArray(at); at = (at as unknown[])[0]) {
    if (shape.push(at.length) > MAX_RANK) throw malformed(`it is nested deeper than ${MAX_RANK}`);
  }
  const numbers: number[] = [];
  const collect = (item: unknown, depth: number): void => {
    if (depth === shape.length) {
      numbers.push(toNumber(item));
      return;
    }
    if (!Array.isArray(item) || item.length !== shape[depth]) throw malformed('its rows differ in length');
    for (const inner of item) collect(inner, depth + 1);
  };
  collect(value, 0);
  return checked(shape, numbers);
}

/**
 * `numpy.core.multiarray._reconstruct` with its state: `(1, shape, dtype, fortran, bytes)`. The names are compared, never
 * looked up.
 */
function fromJsonpickle(reduce: unknown): Tensor {
  const [callee, , state] = list(reduce);
  const name = isRecord(callee) ? callee['py/function'] : undefined;
  if (typeof name !== 'string' || !/^numpy\.(_?core)\.multiarray\._reconstruct$/.test(name)) {
    throw malformed('it is a jsonpickled object, but no NumPy array');
  }
  const [, shape, dtype, fortran, bytes] = list(state);
  const [dtypeName, dtypeState] = dtypeParts(dtype);
  const order = list(dtypeState)[1];
  const type = list(dtypeName)[0];
  const base64 = isRecord(bytes) ? bytes['py/b64'] : undefined;
  if (typeof base64 !== 'string' || typeof type !== 'string') throw malformed('its bytes are missing');
  return readArray(fromBase64(base64), type, order !== '>', wholeNumbers(list(shape)), fortran === true);
}

/** A dtype's constructor arguments and state. */
function dtypeParts(dtype: unknown): [unknown, unknown] {
  const [, args, state] = list(isRecord(dtype) ? dtype['py/reduce'] : undefined);
  return [args, state];
}

/** A JSON array or jsonpickle tuple. */
function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (isRecord(value) && Array.isArray(value['py/tuple'])) return value['py/tuple'];
  throw malformed('it is not written as jsonpickle writes an array');
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text.replace(/\s/g, '')), (c) => c.charCodeAt(0));
  } catch (cause) {
    throw new SealedError('malformed-model', 'The input’s bytes are no base64.', { stage: 'input', cause });
  }
}

function checked(shape: readonly number[], values: readonly number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  if (values.length !== count || count > MAX_ELEMENTS) {
    throw malformed(`it holds ${values.length} numbers for the shape ${shape.join('×')}`);
  }
  return { shape, data: Float32Array.from(values) };
}

function wholeNumbers(values: readonly unknown[]): number[] {
  if (!values.every((value): value is number => Number.isSafeInteger(value) && (value as number) >= 0)) {
    throw malformed('its shape is no list of whole numbers');
  }
  return [...values];
}

function toNumber(value: unknown): number {
  if (typeof value !== 'number') throw malformed('it holds something that is no number');
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(text: string): SealedError {
  return new SealedError('malformed-model', `The input cannot be read: ${text}.`, { stage: 'input' });
}

/** `tensor` as nested lists. */
export function writeJsonTensor({ shape, data }: Tensor): string {
  const nested = shape
    .slice(1)
    .reduceRight<unknown[]>(
      (items, size) =>
        Array.from({ length: items.length / size }, (_, i) => items.slice(i * size, (i + 1) * size)),
      Array.from(data),
    );
  return JSON.stringify(nested);
}

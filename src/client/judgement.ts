// What a client makes of decrypted values: whether they are what they must be, and what stands in for those that are not.
import { compareValues } from '../base/compare.ts';
import { SealedError } from '../base/errors.ts';
import { type Parameters, primesAtLevel } from '../params/parameters.ts';
import type { InputLayout } from '../plan/client-interface.ts';
import type { Precision } from '../plan/finish.ts';
import type { CardTensor } from '../plan/model-card.ts';
import type { Expected } from '../protocol/client.ts';

/** How far a picture's values may be from 0 to 1 where nothing better is known: noise decrypts to millions. */
const COLOUR_SLACK = 0.5;

/** Whether `error` says that an answer was wrong, and not that a call was, or that something has broken. */
export function isRefusal(error: unknown): error is SealedError {
  return error instanceof SealedError && (error.code === 'wrong-answer' || error.code === 'malformed-frame');
}

function refusal(message: string, detail: Readonly<Record<string, number>> = {}): SealedError {
  return new SealedError('wrong-answer', message, { stage: 'decrypt', detail });
}

/** @throws SealedError `wrong-answer` unless a picture's error is within the bound */
export function requireWithin(precision: Precision | undefined, bound: number): void {
  const error = precision?.maxAbsError ?? Number.NaN;
  if (error <= bound) return;
  throw refusal(
    'The service has drawn another picture than the style: its answer was thrown away, and the key with it.',
    { maxAbsError: error, bound },
  );
}

/** @throws SealedError `wrong-answer` unless all values are within the bound of what is expected */
export function requireExpected(values: Float32Array, { reference, bound }: Expected): void {
  const isAlike = values.length === reference.length;
  const { maxAbsError } = isAlike ? compareValues(values, reference) : { maxAbsError: Number.NaN };
  if (maxAbsError <= bound) return;
  throw refusal(
    `The service’s answer is ${maxAbsError.toPrecision(2)} away from the network’s, where ${bound.toPrecision(2)} is allowed: it was thrown away.`,
    { maxAbsError, bound },
  );
}

/**
 * What can be said of a picture without its reference.
 * @throws SealedError `wrong-answer` for values that are no colours: what is decrypted with a key that it was not made for
 */
export function requireColours(values: Float32Array): void {
  const isColour = (value: number): boolean => value >= -COLOUR_SLACK && value <= 1 + COLOUR_SLACK;
  if (values.every(isColour)) return;
  throw refusal('The service’s answer is no picture: it was thrown away, and the key with it.');
}

/** Values of a round, and what was wrong with the answer that they are in the place of. */
export interface Settled {
  readonly values: Float32Array;
  readonly wrong: string | undefined;
}

/** `values` with what is further from the reference than the bound replaced by it; as they are where there is none. */
export function settledBy(expected: Expected | undefined, values: Float32Array): Settled {
  if (!expected) return { values, wrong: undefined };
  const { reference, bound } = expected;
  let count = 0;
  const settled = values.map((value, i) => {
    if (Math.abs(value - reference[i]) <= bound) return value;
    count += 1;
    return reference[i];
  });
  if (count === 0) return { values, wrong: undefined };
  const wrong = `In a round, ${count} of ${values.length} values were not the network’s: the result was thrown away.`;
  return { values: settled, wrong };
}

/** `values` with what the next segment's input cannot hold clamped to what it can; what is no number becomes 0. */
export function encryptable(
  values: Float32Array,
  { scale, level }: CardTensor<InputLayout>,
  parameters: Parameters,
): Settled {
  const modulus = primesAtLevel(parameters, level).reduce((product, prime) => product * Number(prime), 1);
  const most = modulus / (4 * scale);
  if (values.every((value) => Math.abs(value) <= most)) return { values, wrong: undefined };
  const clamped = values.map((value) => (Number.isNaN(value) ? 0 : Math.max(-most, Math.min(most, value))));
  const wrong = 'In a round, values came back that no plan allows for: the result was thrown away.';
  return { values: clamped, wrong };
}

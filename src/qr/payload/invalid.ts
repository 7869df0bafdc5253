// The error for a payload form that cannot be turned into text.
import { SealedError } from '../../base/errors.ts';

/** `invalid-argument` of the input stage; `message` names the field and the remedy, never its content. */
export function invalidPayload(message: string): SealedError {
  return new SealedError('invalid-argument', message, { stage: 'input' });
}

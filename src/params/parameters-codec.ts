// Parameter literals as bytes.
import type { Codec } from '../base/codec.ts';
import { byteUpTo, list, record, wordUpTo } from '../base/codecs.ts';
import type { ParametersLiteral } from './parameters.ts';

// As many as SEAL allows (SEAL_COEFF_MOD_COUNT_MAX).
const MOST_PRIMES = 64;

/** A literal as it was written: whether it is sound and secure is what `checkParameters` says. */
export const parametersCodec: Codec<ParametersLiteral> = record<ParametersLiteral>({
  polyModulusDegree: wordUpTo(32768, 1024),
  coeffModulusBits: list(byteUpTo(60, 2), MOST_PRIMES, 2),
});

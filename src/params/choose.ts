// The smallest secure parameters that hold a computation of given depth and width.
import { SealedError } from '../base/errors.ts';
import { checkParameters, type Parameters } from './parameters.ts';
import { maxLogQP, POLY_MODULUS_DEGREES } from './security.ts';

/** What a computation needs of its parameters. */
export interface ParameterDemand {
  /** Bits of q_0: holds the result, `scale · largest value · 2` must stay below it. */
  readonly baseBits: number;
  /** Bits of the prime each rescale divides by, in the order in which they are dropped. */
  readonly rescaleBits: readonly number[];
  /** Smallest acceptable number of slots. */
  readonly minSlots?: number;
}

/**
 * The smallest N of the security table that holds `demand`; the special prime is as large as the largest other.
 * @throws SealedError `does-not-fit` when even N = 32768 is too small
 */
export function chooseParameters(demand: ParameterDemand): Parameters {
  const data = [demand.baseBits, ...[...demand.rescaleBits].reverse()];
  const bits = [...data, Math.max(...data)];
  const logQP = bits.reduce((sum, size) => sum + size, 0);
  const degree = POLY_MODULUS_DEGREES.find(
    (n) => n / 2 >= (demand.minSlots ?? 1) && (maxLogQP(n) ?? 0) >= logQP,
  );
  if (degree === undefined) {
    throw new SealedError(
      'does-not-fit',
      `The computation needs ${demand.rescaleBits.length} levels (log2(QP) = ${logQP} bits), more than N = 32768 holds. ` +
        'Use fewer multiplications in a row, or a refresh by the client.',
      { stage: 'compile', detail: { logQP, levels: demand.rescaleBits.length } },
    );
  }
  return checkParameters({ polyModulusDegree: degree, coeffModulusBits: bits });
}

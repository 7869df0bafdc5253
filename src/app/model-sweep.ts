// Runs one network under several parameter sets, for the trade between time and error.
import { asSealedError, throwIfAborted } from '../base/errors.ts';
import { checkParameters, type ParametersLiteral } from '../params/parameters.ts';
import type { NetworkControls, NetworkSession } from './network-session.ts';
import { type ModelRunRequest, runModel } from './run-model.ts';

/** What one parameter set came to. */
export type SweepResult = ParametersLiteral &
  (
    | {
        readonly problem?: undefined;
        readonly logQP: number;
        readonly securityBits: number;
        readonly evaluateMs: number;
        readonly maxAbsError: number;
        readonly meanAbsError: number;
        readonly predictedError: number;
        readonly keyBytes: number;
      }
    /** Why it could not run. */
    | { readonly problem: string }
  );

/** How to watch and stop a sweep. */
export interface SweepControls extends NetworkControls {
  /** Called after each set. */
  readonly onResult?: (result: SweepResult) => void;
}

// Bits of the primes that rescales divide by. 30 is the kernel's most.
const MIDDLE_BITS = [24, 26, 28, 30] as const;

/**
 * Sets worth trying for a network that compiles to `chosen`: its own, others with smaller or larger primes in the middle,
 * each at its degree and at twice that.
 */
export function proposedSets({
  polyModulusDegree,
  coeffModulusBits,
}: ParametersLiteral): ParametersLiteral[] {
  const sets = [polyModulusDegree, 2 * polyModulusDegree].flatMap((degree) =>
    [coeffModulusBits, ...MIDDLE_BITS.map((bits) => withMiddle(coeffModulusBits, bits))].map((bits) => ({
      polyModulusDegree: degree,
      coeffModulusBits: bits,
    })),
  );
  return [...new Map(sets.map((set) => [JSON.stringify(set), set])).values()];
}

/** The first prime holds the result and the last is for keys: they stay. */
function withMiddle(all: readonly number[], bits: number): number[] {
  return all.map((own, index) => (index === 0 || index === all.length - 1 ? own : bits));
}

/**
 * Runs `request` once under each of `sets`.
 * @throws SealedError `aborted`; a set that cannot run is a result
 */
export async function sweepParameters(
  session: NetworkSession,
  request: Omit<ModelRunRequest, 'parameters'>,
  sets: readonly ParametersLiteral[],
  { onResult, ...controls }: SweepControls = {},
): Promise<SweepResult[]> {
  const results: SweepResult[] = [];
  for (const set of sets) {
    throwIfAborted(controls.signal);
    const result = await runSet(session, request, set, controls);
    results.push(result);
    onResult?.(result);
  }
  return results;
}

async function runSet(
  session: NetworkSession,
  request: Omit<ModelRunRequest, 'parameters'>,
  set: ParametersLiteral,
  controls: NetworkControls,
): Promise<SweepResult> {
  const { polyModulusDegree, coeffModulusBits } = set;
  try {
    const parameters = checkParameters(set);
    const { maxAbsError, meanAbsError, predictedError, timings, bytes } = await runModel(
      session,
      { ...request, parameters, warm: true },
      controls,
    );
    return {
      polyModulusDegree,
      coeffModulusBits,
      logQP: parameters.logQP,
      securityBits: parameters.securityBits,
      evaluateMs: timings.evaluateMs,
      maxAbsError,
      meanAbsError,
      predictedError,
      keyBytes: bytes.evaluationKeys,
    };
  } catch (thrown) {
    const error = asSealedError(thrown);
    if (error.code === 'aborted') throw error;
    return { polyModulusDegree, coeffModulusBits, problem: error.message };
  }
}

/** Those of `points` that no other beats in both: the Pareto front, fastest first. */
export function paretoFront<P extends { readonly evaluateMs: number; readonly maxAbsError: number }>(
  points: readonly P[],
): P[] {
  const front: P[] = [];
  for (const point of [...points].sort(
    (a, b) => a.evaluateMs - b.evaluateMs || a.maxAbsError - b.maxAbsError,
  )) {
    const best = front.at(-1);
    if (!best || point.maxAbsError < best.maxAbsError) front.push(point);
  }
  return front;
}

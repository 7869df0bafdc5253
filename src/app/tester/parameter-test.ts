// The parameter tester: one network under many parameter sets, each with its errors, levels, time, bytes and security.
import { asSealedError, SealedError, throwIfAborted } from '../../base/errors.ts';
import { checkParameters, type ParametersLiteral } from '../../params/parameters.ts';
import { maxLogQP } from '../../params/security.ts';
import type { Model, ModelOptions } from '../network/model-plan.ts';
import { type ModelRunReport, runModel } from '../network/run-model.ts';
import { Session } from '../session/session.ts';
import type { SessionWorkers } from '../session/workers.ts';

/** A set to try. */
export interface ParameterSet extends ParametersLiteral {
  readonly name?: string;
  /** Layers after which the client refreshes; the test's where it is not given. */
  readonly refresh?: readonly number[];
}

/** What to test. */
export interface ParameterTest extends Omit<ModelOptions, 'parameters'> {
  readonly model: Model;
  readonly inputs: readonly Float32Array[];
  readonly sets: readonly ParameterSet[];
  /** Sets that are tried at the same time, each with two worker threads of its own. */
  readonly threads: number;
  /** Whether to decrypt after each layer. */
  readonly layersReport: boolean;
  /** Whether to look for the nearest set that runs where one does not. */
  readonly findNearest?: boolean;
}

/** A set that ran. */
export interface ParameterResult {
  readonly name: string;
  readonly scheme: 'ckks';
  readonly ran: true;
  readonly parameters: ModelRunReport['parameters'];
  readonly backend: ModelRunReport['backend'];
  /** Layers after which the client refreshed. */
  readonly refreshedAfter: readonly number[];
  readonly maxAbsError: number;
  readonly meanAbsError: number;
  readonly predictedError: number;
  readonly layers: ModelRunReport['layers'];
  readonly timings: ModelRunReport['timings'];
  readonly bytes: ModelRunReport['bytes'];
}

/** A set near one that cannot run, and what came of running it. */
export interface NearestParameters {
  readonly parameters: ParametersLiteral;
  readonly maxAbsError: number;
  readonly evaluateMs: number;
}

/** A set that could not run, and why. */
export interface ParameterRefusal {
  readonly name: string;
  readonly scheme: 'ckks';
  readonly ran: false;
  readonly code: string;
  readonly reason: string;
  /** The nearest that was tried and runs; null where none did, absent where it was not looked for. */
  readonly nearest?: NearestParameters | null;
}

/** What to do when a set takes too long. */
export const SET_ADVICE = 'Try fewer layers or inputs, or a set of smaller degree.';

/**
 * Runs the network under each set, several at a time. A set that cannot run is an entry of the result, no exception.
 * @param onResult called as each set is done, with its index
 * @throws SealedError `aborted`; `invalid-argument` without sets
 */
export async function testParameters(
  workers: SessionWorkers,
  test: ParameterTest,
  signal?: AbortSignal,
  onResult?: (index: number, result: ParameterResult | ParameterRefusal) => void,
): Promise<(ParameterResult | ParameterRefusal)[]> {
  const { sets, threads } = test;
  if (sets.length === 0)
    throw new SealedError('invalid-argument', 'There is no parameter set to try.', { stage: 'input' });
  const results: (ParameterResult | ParameterRefusal)[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    const session = new Session({ workers, advice: SET_ADVICE });
    try {
      while (next < sets.length) {
        const index = next;
        next += 1;
        throwIfAborted(signal);
        results[index] = await trySet(session, test, sets[index], index, signal);
        onResult?.(index, results[index]);
      }
    } finally {
      session.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, sets.length) }, work));
  return results;
}

async function trySet(
  session: Session,
  test: ParameterTest,
  { name: given, refresh = test.refresh ?? [], ...literal }: ParameterSet,
  index: number,
  signal: AbortSignal | undefined,
): Promise<ParameterResult | ParameterRefusal> {
  const name =
    given ?? `set ${index + 1}: N = ${literal.polyModulusDegree}, ${literal.coeffModulusBits.join('-')} bits`;
  try {
    const parameters = checkParameters(literal);
    const wide = parameters.coeffModulusBits.find((bits) => bits > MOST_PRIME_BITS);
    if (wide !== undefined) {
      const message = `Residues travel in 32 bits: a prime of ${wide} bits does not fit. Use primes of at most 32 bits, of 30 for the fast backend.`;
      throw new SealedError('invalid-argument', message, { stage: 'input' });
    }
    return await runSet(session, test, name, parameters, refresh, signal);
  } catch (error) {
    const { code, message } = asSealedError(error);
    if (code === 'aborted') throw error;
    const refusal = { name, scheme: 'ckks', ran: false, code, reason: message } as const;
    if (!test.findNearest) return refusal;
    return { ...refusal, nearest: await nearestParameters(session, test, literal, refresh, signal) };
  }
}

const MOST_PRIME_BITS = 32;
/** The fast backend's widest primes. */
const FAST_PRIME_BITS = 30;

/** Runs the network under `parameters`, or under the compiler's own choice where they are undefined. */
export async function runSet(
  session: Session,
  test: ParameterTest,
  name: string,
  parameters: ParametersLiteral | undefined,
  refresh: readonly number[],
  signal: AbortSignal | undefined,
): Promise<ParameterResult> {
  const { sets: _, threads: __, findNearest: ___, ...request } = test;
  const chosen = parameters && {
    parameters: {
      polyModulusDegree: parameters.polyModulusDegree,
      coeffModulusBits: parameters.coeffModulusBits,
    },
  };
  // Errors are what is asked for here, however large.
  const asked = { ...request, refresh, ...chosen, warm: true, allowedError: Infinity };
  const report = await runModel(session, asked, { signal });
  const { backend, maxAbsError, meanAbsError, predictedError, layers, timings, bytes } = report;
  return {
    name,
    scheme: 'ckks',
    ran: true,
    parameters: report.parameters,
    backend,
    refreshedAfter: refresh,
    maxAbsError,
    meanAbsError,
    predictedError,
    layers,
    timings,
    bytes,
  };
}

/** Sets near `literal`, nearest first: primes no wider than the fast backend's, then more of them; undefined is the compiler's choice. */
function* near({ polyModulusDegree, coeffModulusBits }: ParametersLiteral) {
  const narrow = coeffModulusBits.map((bits) => Math.min(bits, FAST_PRIME_BITS));
  const most = maxLogQP(polyModulusDegree) ?? 0;
  for (let extra = 0; extra <= 4; extra += 1) {
    const bits = [...narrow.slice(0, -1), ...Array<number>(extra).fill(FAST_PRIME_BITS), ...narrow.slice(-1)];
    if (bits.reduce((a, b) => a + b, 0) <= most) yield { polyModulusDegree, coeffModulusBits: bits };
  }
  yield undefined;
}

async function nearestParameters(
  session: Session,
  test: ParameterTest,
  literal: ParametersLiteral,
  refresh: readonly number[],
  signal: AbortSignal | undefined,
): Promise<NearestParameters | null> {
  for (const parameters of near(literal)) {
    try {
      const result = await runSet(session, { ...test, layersReport: false }, '', parameters, refresh, signal);
      const { polyModulusDegree, coeffModulusBits } = result.parameters;
      return {
        parameters: { polyModulusDegree, coeffModulusBits },
        maxAbsError: result.maxAbsError,
        evaluateMs: result.timings.evaluateMs,
      };
    } catch (error) {
      if (asSealedError(error).code === 'aborted') throw error;
    }
  }
  return null;
}

// The parameter tester: one network under many parameter sets, each with its errors, levels, time, bytes and security.
import { asSealedError, SealedError, throwIfAborted } from '../../base/errors.ts';
import { checkParameters, type ParametersLiteral } from '../../params/parameters.ts';
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

/** A set that could not run, and why. */
export interface ParameterRefusal {
  readonly name: string;
  readonly scheme: 'ckks';
  readonly ran: false;
  readonly code: string;
  readonly reason: string;
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
  const { sets: _, threads: __, ...request } = test;
  try {
    const parameters = checkParameters(literal);
    const wide = parameters.coeffModulusBits.find((bits) => bits > 32);
    if (wide !== undefined) {
      const message = `Residues travel in 32 bits: a prime of ${wide} bits does not fit. Use primes of at most 32 bits, of 30 for the fast backend.`;
      throw new SealedError('invalid-argument', message, { stage: 'input' });
    }
    const { polyModulusDegree, coeffModulusBits } = parameters;
    // Errors are what is asked for here, however large.
    const asked = {
      ...request,
      refresh,
      parameters: { polyModulusDegree, coeffModulusBits },
      warm: true,
      allowedError: Infinity,
    };
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
  } catch (error) {
    const { code, message } = asSealedError(error);
    if (code === 'aborted') throw error;
    return { name, scheme: 'ckks', ran: false, code, reason: message };
  }
}

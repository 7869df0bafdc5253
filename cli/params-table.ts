// What `sealed-qr params test` reports, and the same as a table for people.
import type { BfvRefusal, BfvResult } from '../src/app/tester/bfv-sweep.ts';
import type { ParameterRefusal, ParameterResult } from '../src/app/tester/parameter-test.ts';
import { ms, size } from './table.ts';

/** What became of one set. */
export type Outcome = ParameterResult | ParameterRefusal | BfvResult | BfvRefusal;

/** What the sets were tried on. */
export interface TestedInput {
  /** Whether there was no input file, and a picture was made up instead. */
  readonly madeUp: boolean;
  readonly file: string | null;
  readonly count: number;
  /** Shape of one input. */
  readonly shape: readonly number[];
  /** The same in words. */
  readonly description: string;
}

/** The whole report: the object that `--json` prints. */
export interface ParamsReport {
  readonly model: string;
  readonly layers: readonly [number, number] | null;
  readonly input: TestedInput;
  /** Keys of the file that nothing reads, each in a sentence. */
  readonly notes: readonly string[];
  readonly results: readonly Outcome[];
}

/** `report` as lines of text. */
export function paramsTable({ input, notes, results }: ParamsReport): string {
  const head = [`input: ${input.description}`, ...notes.map((note) => `note: ${note}`)];
  return `${head.join('\n')}\n${results.map(outcomeLines).join('')}`;
}

function outcomeLines(result: Outcome): string {
  if (!result.ran) return refusalLines(result);
  return result.scheme === 'bfv' ? bfvLines(result) : ckksLines(result);
}

function refusalLines(result: ParameterRefusal | BfvRefusal): string {
  const nearest = Object.entries(('nearest' in result ? result.nearest : undefined) ?? {}).map(
    ([name, value]) => ` ${name} = ${value}`,
  );
  const advice = nearest.length > 0 ? `\n  nearest that would do:${nearest.join(',')}` : '';
  return `${result.name}\n  not run: ${result.reason} (${result.code})${advice}\n`;
}

function ckksLines(result: ParameterResult): string {
  const { timings, bytes, layers, refreshedAfter } = result;
  const errors = layers.map(({ index, level, maxAbsError }) => {
    const error = maxAbsError === null ? '–' : maxAbsError.toExponential(1);
    return `${index}: ${error}${level === null ? '' : ` (level ${level})`}`;
  });
  const refreshed =
    refreshedAfter.length > 0
      ? `  encrypted again after layer ${refreshedAfter.join(', ')}: ${size(bytes.rounds)} both ways\n`
      : '';
  return (
    `${result.name}\n` +
    `  error: largest ${result.maxAbsError.toExponential(2)}, mean ${result.meanAbsError.toExponential(2)}, predicted below ${result.predictedError.toExponential(1)}\n` +
    `  evaluate ${ms(timings.evaluateMs)}, keys ${ms(timings.keygenMs)} and ${size(bytes.evaluationKeys)}, request ${size(bytes.request)}, ${result.parameters.securityBits}-bit security, backend ${result.backend}\n` +
    refreshed +
    `  after each layer: ${errors.join(', ')}\n`
  );
}

function bfvLines({
  name,
  parameters,
  fixedPoint,
  packing,
  maxAbsError,
  meanAbsError,
  layers,
  timings,
  bytes,
}: BfvResult): string {
  const { base, inputDigits, weightDigits, roundingError } = fixedPoint;
  const primes = parameters.coeffModulusBits.join(' + ');
  const each = layers.map(
    (layer) => `${layer.index}: ${layer.maxAbsError.toExponential(1)} (${layer.noiseBudgetBits} bits)`,
  );
  return (
    `${name}\n` +
    `  error: largest ${maxAbsError.toExponential(2)}, mean ${meanAbsError.toExponential(2)}, of which rounding ${roundingError.toExponential(2)}\n` +
    `  fixed point: inputs × ${base}^${inputDigits}, weights × ${base}^${weightDigits}, values in ${packing}\n` +
    `  evaluate ${ms(timings.evaluateMs)}, keys ${ms(timings.keygenMs)} and ${size(bytes.evaluationKeys)}, request ${size(bytes.request)}, ${parameters.securityBits}-bit security (primes of ${primes} bits)\n` +
    `  error and noise budget left after each layer: ${each.join(', ')}\n`
  );
}

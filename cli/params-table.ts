// What `sealed-qr params test` reports, and the same as a table for people.
import type { BfvLayer, BfvRefusal, BfvResult, NearestSet } from '../src/app/tester/bfv-sweep.ts';
import type { ParameterRefusal, ParameterResult } from '../src/app/tester/parameter-test.ts';
import type { Beside, Outcome, TestReport } from '../src/app/tester/run-config.ts';
import { ms, size } from './table.ts';

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
export interface ParamsReport extends TestReport {
  readonly model: string;
  readonly input: TestedInput;
}

/** `report` as lines of text. */
export function paramsTable({ input, notes, results, beside }: ParamsReport): string {
  const head = [`input: ${input.description}`, ...notes.map((note) => `note: ${note}`)];
  const packed = beside ? besideLines(beside) : '';
  return `${head.join('\n')}\n${results.map(outcomeLines).join('')}${packed}`;
}

function outcomeLines(result: Outcome): string {
  if (!result.ran) return refusalLines(result);
  return result.scheme === 'bfv' ? bfvLines(result) : ckksLines(result);
}

function refusalLines(result: ParameterRefusal | BfvRefusal): string {
  const nearest = result.scheme === 'bfv' ? nearestBfv(result.nearest) : nearestCkks(result.nearest);
  return `${result.name}\n  not run: ${result.reason} (${result.code})\n${nearest}`;
}

const error = (value: number): string => value.toExponential(2);

function nearestBfv(nearest: NearestSet | null | undefined): string {
  if (nearest === undefined) return '';
  if (nearest === null) return '  nearest that works: none was found\n';
  const changes = Object.entries(nearest.changes).map(([name, value]) =>
    name === 'keyPrime' ? 'no prime kept for keys, as SEAL 2 has it' : `${name} = ${value}`,
  );
  const how =
    nearest.tried === 'whole'
      ? 'tried'
      : 'tried on some ciphertexts of each layer, the digits of all in the clear';
  return `  nearest that works: ${changes.join(', ') || 'the same'} (${how}: error ${error(nearest.maxAbsError)}, ${nearest.noiseBudgetBits} bits left)\n`;
}

function nearestCkks(nearest: ParameterRefusal['nearest']): string {
  if (nearest === undefined) return '';
  if (nearest === null) return '  nearest that works: none was found\n';
  const { polyModulusDegree, coeffModulusBits } = nearest.parameters;
  return `  nearest that works: N = ${polyModulusDegree}, ${coeffModulusBits.join('-')} bits (tried: error ${error(nearest.maxAbsError)}, evaluate ${ms(nearest.evaluateMs)})\n`;
}

function ckksLines(result: ParameterResult): string {
  const { timings, bytes, layers, refreshedAfter } = result;
  const errors = layers.map(({ index, level, maxAbsError }) => {
    const after = maxAbsError === null ? '–' : maxAbsError.toExponential(1);
    return `${index}: ${after}${level === null ? '' : ` (level ${level})`}`;
  });
  const refreshed =
    refreshedAfter.length > 0
      ? `  encrypted again after layer ${refreshedAfter.join(', ')}: ${size(bytes.rounds)} both ways\n`
      : '';
  return (
    `${result.name}\n` +
    `  error: largest ${error(result.maxAbsError)}, mean ${error(result.meanAbsError)}, predicted below ${result.predictedError.toExponential(1)}\n` +
    `  evaluate ${ms(timings.evaluateMs)}, keys ${ms(timings.keygenMs)} and ${size(bytes.evaluationKeys)}, request ${size(bytes.request)}, ${result.parameters.securityBits}-bit security, backend ${result.backend}\n` +
    refreshed +
    `  after each layer: ${errors.join(', ')}\n`
  );
}

function bfvLines(result: BfvResult): string {
  const { name, parameters, set, packing, fixedPoint, timings, bytes, problem, nearest } = result;
  const primes = parameters.coeffModulusBits.join(' + ');
  const kept =
    parameters.keyPrimeBits > 0
      ? `, ${parameters.keyPrimeBits} of them for keys: SEAL 2 keeps none, and has as many bits more`
      : '';
  const how =
    packing === 'digits'
      ? `one value in each ciphertext, digits of base ${set.base}: ${set.intDigits} whole, ${set.fracDigits} of the fraction`
      : `many values in the slots of a ciphertext, times ${set.base}^${fixedPoint?.digits ?? 0}, of which rounding ${error(fixedPoint?.roundingError ?? 0)}`;
  return (
    `${name}\n` +
    `  error: largest ${error(result.maxAbsError)}, mean ${error(result.meanAbsError)}\n` +
    `  ${how}\n` +
    `  evaluate ${ms(timings.evaluateMs)}, keys ${ms(timings.keygenMs)} and ${size(bytes.evaluationKeys)}, request ${size(bytes.request)}, answer ${size(bytes.response)}, ${parameters.securityBits}-bit security (primes of ${primes} bits${kept})\n` +
    layerLines(result) +
    (problem ? `  ${problem.reason}\n` : '') +
    (problem ? nearestBfv(nearest) : '')
  );
}

const BAR = 30;

/** Noise budget by layer as bars, with the errors. */
function layerLines({ startBudgetBits, layers }: BfvResult): string {
  const bar = (bits: number): string =>
    '█'.repeat(Math.round((BAR * bits) / Math.max(1, startBudgetBits))).padEnd(BAR, '·');
  const name = ({ index, type, node }: BfvLayer): string =>
    node === 'refresh' ? 'refresh' : `${index} ${type}`;
  const width = Math.max(5, ...layers.map((layer) => name(layer).length));
  const rows = layers.map((layer) => {
    const bits = String(layer.noiseBudgetBits).padStart(3);
    const bound = Number.isNaN(layer.bound) ? '' : `, bound ${layer.bound.toExponential(1)}`;
    return `  ${name(layer).padEnd(width)} ${bar(layer.noiseBudgetBits)} ${bits} bits, error ${layer.maxAbsError.toExponential(1)}, mean ${layer.meanAbsError.toExponential(1)}${bound}, ${ms(layer.evaluateMs)}\n`;
  });
  return `  ${'start'.padEnd(width)} ${bar(startBudgetBits)} ${String(startBudgetBits).padStart(3)} bits of noise budget\n${rows.join('')}`;
}

function besideLines({ slots, ckks }: Beside): string {
  const line = (what: string, result: Outcome, parameters: string): string =>
    result.ran
      ? `  ${what} (${parameters}): error ${error(result.maxAbsError)}, evaluate ${ms(result.timings.evaluateMs)}, keys ${size(result.bytes.evaluationKeys)}, request ${size(result.bytes.request)}, answer ${size(result.bytes.response)}\n`
      : `  ${what}: not run: ${result.reason}\n`;
  const slotsAt = slots.ran && slots.scheme === 'bfv' ? `m = ${slots.set.m}, p = ${slots.set.p}` : '';
  const ckksAt = ckks.ran
    ? `N = ${ckks.parameters.polyModulusDegree}, ${ckks.parameters.coeffModulusBits.join('-')} bits`
    : '';
  return `the same network with many values in a ciphertext\n${line('BFV in slots', slots, slotsAt)}${line('CKKS', ckks, ckksAt)}`;
}

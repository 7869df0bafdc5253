// What the commands share in reading their arguments.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { type LayerSpan, parseLayerSpan } from '../src/app/tester/layer-slice.ts';
import { nearestName } from '../src/base/nearest-name.ts';
import { evaluatorCount } from '../workers/platform/node-local-service.ts';
import { UsageError } from './usage.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** "There is no …", and which known name was probably meant, or else `otherwise`. */
export function unknownName(
  kind: string,
  name: string,
  known: readonly string[],
  otherwise = '',
): UsageError {
  const meant = nearestName(name, known);
  const advice = meant === undefined ? otherwise : `Did you mean "${meant}"?`;
  return new UsageError(`There is no ${kind} "${name}". ${advice}`.trimEnd());
}

/** `args` by `options`. @throws UsageError for anything unknown or incomplete */
export function parseArguments<const O extends Options>(
  args: readonly string[],
  options: O,
): ReturnType<typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const unknown = unknownOption(args, options);
    if (unknown !== undefined) {
      const known = Object.keys(options).map((option) => `--${option}`);
      throw unknownName('option', unknown, known, 'What begins with "-" and is no option goes after "--".');
    }
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The first of `args` that is an option, but none of `options`. */
function unknownOption(args: readonly string[], options: Options): string | undefined {
  const { tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'option' && !Object.hasOwn(options, token.name)) return token.rawName;
  }
  return undefined;
}

/** `value` if it is one of `choices`. @throws UsageError */
export function choice<T extends string | number>(option: string, value: string, choices: readonly T[]): T {
  const found = choices.find((candidate) => String(candidate) === value);
  if (found === undefined) throw new UsageError(`--${option} must be ${choices.join(', ')}, not "${value}".`);
  return found;
}

/** A whole number from `least` to `most`. @throws UsageError */
export function wholeNumber(option: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (value.trim() === '' || !Number.isInteger(number) || number < least || number > most) {
    throw new UsageError(`--${option} must be ${least} to ${most}.`);
  }
  return number;
}

const SIZES: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9, '': 1e6 };
const TIMES: Readonly<Record<string, number>> = { ms: 1, s: 1000, '': 1 };

function amount(
  option: string,
  value: string,
  units: Readonly<Record<string, number>>,
  example: string,
): number {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(value.trim());
  const unit = Object.entries(units).find(([name]) => name.toLowerCase() === match?.[2].toLowerCase());
  if (!match || !unit || Number(match[1]) === 0) throw new UsageError(`--${option} must be like ${example}.`);
  return Number(match[1]) * unit[1];
}

/** Bytes: `200MB`, `1.5GB`, or a number of megabytes. @throws UsageError */
export function byteCount(option: string, value: string): number {
  return amount(option, value, SIZES, '200MB or 1.5GB');
}

/** Milliseconds: `200ms`, `1.5s`, or a number of milliseconds. @throws UsageError */
export function milliseconds(option: string, value: string): number {
  return amount(option, value, TIMES, '200ms or 1.5s');
}

/** A number above 0. @throws UsageError */
export function positiveNumber(option: string, value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number) || number <= 0)
    throw new UsageError(`--${option} must be a number above 0.`);
  return number;
}

/** Whole numbers from 0 on, separated by commas. @throws UsageError */
export function numberList(option: string, value: string): number[] {
  const parts = value.split(',');
  if (parts.some((part) => !/^\d+$/.test(part.trim()))) {
    throw new UsageError(`--${option} must be whole numbers separated by commas, not "${value}".`);
  }
  return parts.map(Number);
}

/** A shape such as `1x28x28`, `1×28×28` or `1,28,28`. @throws UsageError */
export function shape(option: string, value: string): number[] {
  const parts = value.split(/[,x×]/i).map((part) => part.trim());
  if (parts.some((part) => !/^[1-9]\d*$/.test(part))) {
    throw new UsageError(`--${option} must be a shape such as 1x28x28, not "${value}".`);
  }
  return parts.map(Number);
}

/** `a-b`, one number for both, or each of them as in `0,1,2,3`. @throws UsageError */
export function layerRange(option: string, value: string): LayerSpan {
  const span = parseLayerSpan(value);
  if (span) return span;
  const message = `--${option} must be a range such as 0-4, or every layer of it, 0,1,2,3,4, not "${value}".`;
  throw new UsageError(message);
}

/** Two numbers, the lesser first. @throws UsageError */
export function numberRange(option: string, value: string): readonly [number, number] {
  const [low, high, ...more] = value.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const isRange = Number.isFinite(low) && Number.isFinite(high) && low < high && more.length === 0;
  if (isRange) return [low, high];
  throw new UsageError(
    `--${option} must be two numbers, the lesser first, such as 0,1 or =-1,1, not "${value}".`,
  );
}

/** `--workers`: the number of processors, at most 4, unless given. @throws UsageError */
export function workerCount(value: string | undefined): number {
  return value === undefined ? evaluatorCount() : wholeNumber('workers', value, 1, 32);
}

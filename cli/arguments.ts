// What the commands share in reading their arguments.
import { parseArgs, type ParseArgsConfig } from 'node:util';
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

/** A number above 0. @throws UsageError */
export function positiveNumber(option: string, value: string): number {
  const number = Number(value);
  if (Number.isFinite(number) && number > 0) return number;
  throw new UsageError(`--${option} must be a number above 0, not "${value}".`);
}

/** Whole numbers from 0 on, separated by commas. @throws UsageError */
export function numberList(option: string, value: string): number[] {
  const parts = value.split(',');
  if (parts.some((part) => !/^\d+$/.test(part.trim()))) {
    throw new UsageError(`--${option} must be whole numbers separated by commas, not "${value}".`);
  }
  return parts.map(Number);
}

/** `a-b`, or one number for both. @throws UsageError */
export function layerRange(option: string, value: string): readonly [number, number] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(value.trim());
  if (!match) throw new UsageError(`--${option} must be a range such as 0-4, not "${value}".`);
  return [Number(match[1]), Number(match[2] ?? match[1])];
}

/** `--workers`: the number of processors, at most 4, unless given. @throws UsageError */
export function workerCount(value: string | undefined): number {
  return value === undefined ? evaluatorCount() : wholeNumber('workers', value, 1, 32);
}

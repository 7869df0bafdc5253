// The parameter tester's file: CKKS sweeps, and PyCrCNN's own encryption_parameters.json for BFV.
import { printable } from '../../import/file-text.ts';
import type { ParametersLiteral } from '../../params/parameters.ts';
import { type BfvSet, PYFHEL_DEFAULTS } from '../../bfv/bfv-test.ts';
import { Fields, invalidConfig, nearestKey } from './config-fields.ts';
import type { RefreshRule } from './refreshes.ts';

/** Where the client encrypts again under a set; undefined for nowhere. */
interface Refreshed {
  readonly refresh: RefreshRule | undefined;
}

/** What a file asks for. Paths are as they stand in it. */
export interface TestConfig {
  /** Absent in PyCrCNN's local_execution and client files, which name no model: the command line or the page gives it. */
  readonly modelPath: string | undefined;
  /** Absent in PyCrCNN's files: the tester makes up a picture. */
  readonly inputPath: string | undefined;
  readonly inputShape: readonly number[] | undefined;
  /** Sample inputs of the model's owner, which ranges are taken from. */
  readonly calibratePath: string | undefined;
  /** Least and largest value of an input, where there are no samples. */
  readonly inputRange: readonly [number, number] | undefined;
  /** The shape of the data set that the file names, where it is one that PyCrCNN's files mean. */
  readonly datasetShape: readonly number[] | undefined;
  readonly count: number | undefined;
  readonly layers: readonly [number, number] | undefined;
  readonly clientOps: boolean;
  readonly backend: string | undefined;
  readonly layersReport: boolean;
  readonly threads: number;
  readonly ckks: readonly (ParametersLiteral & { readonly name?: string } & Refreshed)[];
  readonly bfv: readonly (BfvSet & Refreshed)[];
  /** Keys of the file that nothing reads, or that mean something else here, each in a sentence. */
  readonly notes: readonly string[];
}

const REFRESH_KEYS = ['refresh', 'rencrypt_positions'];
const CONFIG_KEYS = [
  ...['model', 'model_path', 'input', 'inputShape', 'calibrate', 'inputRange', 'count', 'layers', 'clientOps', 'backend', 'layersReport', 'debug'],
  ...['threads', 'max_threads', 'sets', 'encryption_parameters', 'dataset', 'net', ...REFRESH_KEYS],
]; // prettier-ignore
const CKKS_KEYS = ['name', 'polyModulusDegree', 'coeffModulusBits', ...REFRESH_KEYS];
const BFV_KEYS = [
  'name',
  'm',
  'p',
  'sec',
  'base',
  'intDigits',
  'fracDigits',
  'flagBatching',
  ...REFRESH_KEYS,
];
/** Arguments of Pyfhel's relinKeyGen, by their names or as a list. */
const RELIN_KEYS = ['relinKeyGen', 'bitCount', 'size'];

/** Keys of PyCrCNN's files that mean nothing here, and what to do instead. */
const WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map([
  ['batch_size', 'give the number of inputs as "count"'],
  ...['address', 'ak', 'sk', 'bk'].map((key) => [key, 'nothing is sent anywhere'] as const),
]);

/** Shapes of the data sets that PyCrCNN's files name. */
const DATASETS: ReadonlyMap<string, readonly number[]> = new Map([
  ['mnist', [1, 28, 28]],
  ['fashionmnist', [1, 28, 28]],
  ['cifar10', [3, 32, 32]],
]);

/** The shape of the data set that `fields` name as `dataset` or `net`. */
function datasetShape(fields: Fields): readonly number[] | undefined {
  const shapeOf = (name: string | undefined) => DATASETS.get((name ?? '').toLowerCase());
  return shapeOf(fields.text('dataset')) ?? shapeOf(fields.text('net'));
}

/** What `dataset` and `net` mean here. */
function datasetNotes(fields: Fields): string[] {
  return ['dataset', 'net']
    .filter((key) => fields.has(key))
    .map((key) => {
      const name = fields.text(key) ?? '';
      const shape = DATASETS.get(name.toLowerCase());
      const what = `"${key}" of ${fields.where}, "${printable(name)}",`;
      const instead =
        key === 'net' ? 'give the model as "model" or --model' : 'give a picture as "input" or --input';
      return shape === undefined
        ? `${what} loads nothing here: ${instead}.`
        : `${what} says the shape of an input, ${shape.join('×')}, and loads nothing here: ${instead}.`;
    });
}

/** What relinKeyGen's arguments mean here. */
function relinNotes(fields: Fields): string[] {
  return RELIN_KEYS.filter((key) => fields.has(key)).map(
    (key) =>
      `"${key}" of ${fields.where} does not apply: SEAL 4 relinearises by a prime of its own, with no bit count and no number of keys to choose.`,
  );
}

/** A sentence for each key of `fields` that is none of `known`. */
function unreadKeys(fields: Fields, known: readonly string[]): string[] {
  const isTop = known === CONFIG_KEYS;
  return fields.keys
    .filter((key) => !known.includes(key) && (known === CKKS_KEYS || !RELIN_KEYS.includes(key)))
    .map((key) => {
      const what = `"${printable(key)}" of ${fields.where}`;
      const instead = isTop ? WITHOUT_EFFECT.get(key) : undefined;
      if (instead !== undefined) return `${what} has no effect here: ${instead}.`;
      const meant = nearestKey(key, known);
      if (meant !== undefined) return `${what} is not known: is "${meant}" meant?`;
      if (CONFIG_KEYS.includes(key)) return `${what} is not known there: it belongs at the top of the file.`;
      return `${what} is not known. Known are ${known.map((name) => `"${name}"`).join(', ')}.`;
    });
}

/**
 * The configuration in `text`: `{model, input, sets: [{polyModulusDegree, coeffModulusBits}, …], calibrate, inputRange,
 * layers, refresh, clientOps, backend, layersReport, threads}`, or PyCrCNN's `{model_path, encryption_parameters: [{m, p, sec, base, intDigits,
 * fracDigits, flagBatching}, …], layers, rencrypt_positions, debug, max_threads}`. Both kinds of sets may stand in one file; `refresh` or `rencrypt_positions` may
 * stand in a set, too, and then counts instead of the file's.
 * @throws SealedError `invalid-argument` naming the field
 */
export function parseTestConfig(text: string): TestConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidConfig('The configuration is no valid JSON.');
  }
  const fields = new Fields(value, 'the configuration');
  const ckks = fields.list('sets').map((entry, i) => new Fields(entry, `set ${i + 1}`));
  const bfv = fields
    .list('encryption_parameters')
    .map((entry, i) => new Fields(entry, `encryption_parameters ${i + 1}`));
  const notes = [
    ...unreadKeys(fields, CONFIG_KEYS),
    ...[fields, ...bfv].flatMap(relinNotes),
    ...ckks.flatMap((set) => unreadKeys(set, CKKS_KEYS)),
    ...bfv.flatMap((set) => unreadKeys(set, BFV_KEYS)),
  ];
  try {
    return { ...readFields(fields, ckks, bfv), notes: [...notes, ...datasetNotes(fields)] };
  } catch (error) {
    if (!(error instanceof Error) || notes.length === 0) throw error;
    // What is missing may stand there under another name.
    throw invalidConfig([error.message, ...notes].join(' '));
  }
}

function readFields(
  fields: Fields,
  ckks: readonly Fields[],
  bfv: readonly Fields[],
): Omit<TestConfig, 'notes'> {
  if (ckks.length + bfv.length === 0)
    throw invalidConfig('"sets" (or "encryption_parameters") has nothing to try.');
  const layers = fields.wholes('layers');
  const everywhere = refreshRule(fields);
  const refresh = (set: Fields): RefreshRule | undefined => refreshRule(set) ?? everywhere;
  return {
    modelPath: fields.text('model') ?? fields.text('model_path'),
    inputPath: fields.text('input'),
    inputShape: fields.wholes('inputShape'),
    calibratePath: fields.text('calibrate'),
    inputRange: fields.range('inputRange'),
    datasetShape: datasetShape(fields),
    count: fields.whole('count'),
    // PyCrCNN lists every layer; it knows no gaps.
    layers: layers?.length ? [Math.min(...layers), Math.max(...layers)] : undefined,
    clientOps: fields.flag('clientOps') ?? false,
    backend: fields.text('backend'),
    layersReport: fields.flag('layersReport') ?? fields.flag('debug') ?? true,
    threads: Math.max(1, fields.whole('threads') ?? fields.whole('max_threads') ?? 2),
    ckks: ckks.map((set) => ({ ...ckksSet(set), refresh: refresh(set) })),
    bfv: bfv.map((set, i) => ({ ...bfvSet(set, i), refresh: refresh(set) })),
  };
}

function refreshRule(fields: Fields): RefreshRule | undefined {
  const [layers, at] = [fields.wholes('refresh'), fields.wholes('rencrypt_positions')];
  if (layers && at)
    throw invalidConfig(`Give "refresh" or "rencrypt_positions" of ${fields.where}, not both.`);
  if (layers) return { kind: 'after', layers };
  return at && { kind: 'positions', at };
}

function ckksSet(fields: Fields): ParametersLiteral & { readonly name?: string } {
  const name = fields.text('name');
  return {
    polyModulusDegree: fields.required('polyModulusDegree'),
    coeffModulusBits: fields.wholes('coeffModulusBits') ?? [],
    ...(name !== undefined && { name }),
  };
}

/** A set with Pyfhel's defaults for what it does not say. */
function bfvSet(fields: Fields, index: number): BfvSet {
  const defaults = PYFHEL_DEFAULTS;
  const set = {
    m: fields.whole('m') ?? defaults.m,
    p: fields.required('p'),
    sec: fields.whole('sec') ?? defaults.sec,
    base: fields.whole('base') ?? defaults.base,
    intDigits: fields.whole('intDigits') ?? defaults.intDigits,
    fracDigits: fields.whole('fracDigits') ?? defaults.fracDigits,
    flagBatching: fields.flag('flagBatching') ?? defaults.flagBatching,
  };
  const { m, p, sec, base, intDigits, fracDigits, flagBatching } = set;
  const digits = intDigits === 64 && fracDigits === 32 ? '' : `, digits ${intDigits} + ${fracDigits}`;
  const how = flagBatching ? ', batching' : digits;
  return {
    name: fields.text('name') ?? `set ${index + 1}: m = ${m}, p = ${p}, sec = ${sec}, base = ${base}${how}`,
    ...set,
  };
}

// The parameter tester's file: CKKS sweeps, and PyCrCNN's own encryption_parameters.json for BFV.
import { printable } from '../../import/file-text.ts';
import type { ParametersLiteral } from '../../params/parameters.ts';
import type { BfvSet } from '../../bfv/bfv-test.ts';
import { Fields, invalidConfig, nearestKey } from './config-fields.ts';
import type { RefreshRule } from './refreshes.ts';

/** Where the client encrypts again under a set; undefined for nowhere. */
interface Refreshed {
  readonly refresh: RefreshRule | undefined;
}

/** What a file asks for. Paths are as they stand in it. */
export interface TestConfig {
  readonly modelPath: string;
  /** Absent in PyCrCNN's files: the tester makes up a picture. */
  readonly inputPath: string | undefined;
  readonly inputShape: readonly number[] | undefined;
  /** Sample inputs of the model's owner, which ranges are taken from. */
  readonly calibratePath: string | undefined;
  /** Least and largest value of an input, where there are no samples. */
  readonly inputRange: readonly [number, number] | undefined;
  readonly count: number | undefined;
  readonly layers: readonly [number, number] | undefined;
  readonly clientOps: boolean;
  readonly backend: string | undefined;
  readonly layersReport: boolean;
  readonly threads: number;
  readonly ckks: readonly (ParametersLiteral & { readonly name?: string } & Refreshed)[];
  readonly bfv: readonly (BfvSet & Refreshed)[];
  /** Keys of the file that nothing reads, each in a sentence. */
  readonly notes: readonly string[];
}

const REFRESH_KEYS = ['refresh', 'rencrypt_positions'];
const CONFIG_KEYS = [
  ...['model', 'model_path', 'input', 'inputShape', 'calibrate', 'inputRange', 'count', 'layers', 'clientOps', 'backend', 'layersReport', 'debug'],
  ...['threads', 'max_threads', 'sets', 'encryption_parameters', ...REFRESH_KEYS],
]; // prettier-ignore
const CKKS_KEYS = ['name', 'polyModulusDegree', 'coeffModulusBits', ...REFRESH_KEYS];
const BFV_KEYS = ['m', 'p', 'sec', 'base', ...REFRESH_KEYS];

/** Keys of PyCrCNN's files that mean nothing here, and what to do instead. */
const WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map([
  ['dataset', 'give a picture as "input"'],
  ['batch_size', 'give the number of inputs as "count"'],
  ['net', 'give the model file as "model"'],
  ...['address', 'ak', 'sk', 'bk'].map((key) => [key, 'nothing is sent anywhere'] as const),
]);

/** A sentence for each key of `fields` that is none of `known`. */
function unreadKeys(fields: Fields, known: readonly string[]): string[] {
  const isTop = known === CONFIG_KEYS;
  return fields.keys
    .filter((key) => !known.includes(key))
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
 * layers, refresh, clientOps, backend, layersReport, threads}`, or PyCrCNN's `{model_path, encryption_parameters: [{m, p, sec, base}, …], layers,
 * rencrypt_positions, debug, max_threads}`. Both kinds of sets may stand in one file; `refresh` or `rencrypt_positions` may
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
    ...ckks.flatMap((set) => unreadKeys(set, CKKS_KEYS)),
    ...bfv.flatMap((set) => unreadKeys(set, BFV_KEYS)),
  ];
  try {
    return { ...readFields(fields, ckks, bfv), notes };
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
  const modelPath = fields.text('model') ?? fields.text('model_path');
  if (modelPath === undefined) throw invalidConfig('"model" (or "model_path") is missing.');
  if (ckks.length + bfv.length === 0)
    throw invalidConfig('"sets" (or "encryption_parameters") has nothing to try.');
  const layers = fields.wholes('layers');
  const everywhere = refreshRule(fields);
  const refresh = (set: Fields): RefreshRule | undefined => refreshRule(set) ?? everywhere;
  return {
    modelPath,
    inputPath: fields.text('input'),
    inputShape: fields.wholes('inputShape'),
    calibratePath: fields.text('calibrate'),
    inputRange: fields.range('inputRange'),
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

function bfvSet(fields: Fields, index: number): BfvSet {
  const [m, p] = [fields.required('m'), fields.required('p')];
  const [sec, base] = [fields.whole('sec') ?? 128, fields.whole('base') ?? 2];
  return { name: `set ${index + 1}: m = ${m}, p = ${p}, sec = ${sec}, base = ${base}`, m, p, sec, base };
}

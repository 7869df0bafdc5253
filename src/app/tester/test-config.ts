// The parameter tester's file: CKKS sweeps, and PyCrCNN's own encryption_parameters.json for BFV.
import { SealedError } from '../../base/errors.ts';
import type { BfvSet } from '../../bfv/bfv-test.ts';
import type { ParameterSet } from './parameter-test.ts';

/** What a file asks for. Paths are as they stand in it. */
export interface TestConfig {
  readonly modelPath: string;
  /** Absent in PyCrCNN's files: the tester makes up a picture. */
  readonly inputPath: string | undefined;
  readonly inputShape: readonly number[] | undefined;
  readonly count: number | undefined;
  readonly layers: readonly [number, number] | undefined;
  readonly refresh: readonly number[];
  readonly clientOps: boolean;
  readonly backend: string | undefined;
  readonly layersReport: boolean;
  readonly threads: number;
  readonly ckks: readonly ParameterSet[];
  readonly bfv: readonly BfvSet[];
}

function invalid(message: string): SealedError {
  return new SealedError('invalid-argument', message, { stage: 'input' });
}

/** A JSON object with typed access to its fields. */
class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw invalid(`${where} must be an object.`);
    this.#values = value as Record<string, unknown>;
    this.#where = where;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    if (value === undefined || typeof value === 'string') return value;
    throw invalid(`"${name}" of ${this.#where} must be a string.`);
  }

  whole(name: string): number | undefined {
    const value = this.#values[name];
    if (value === undefined || (Number.isInteger(value) && (value as number) >= 0))
      return value as number | undefined;
    throw invalid(`"${name}" of ${this.#where} must be a whole number.`);
  }

  required(name: string): number {
    const value = this.whole(name);
    if (value === undefined) throw invalid(`"${name}" of ${this.#where} is missing.`);
    return value;
  }

  wholes(name: string): number[] | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every((x) => Number.isInteger(x) && (x as number) >= 0)) {
      throw invalid(`"${name}" of ${this.#where} must be a list of whole numbers.`);
    }
    return value as number[];
  }

  /** true, or one of PyCrCNN's "y" and "yes". */
  flag(name: string): boolean {
    const value = this.#values[name];
    return value === true || (typeof value === 'string' && /^y(es)?$/i.test(value));
  }

  list(name: string): readonly unknown[] {
    const value = this.#values[name] ?? [];
    if (!Array.isArray(value)) throw invalid(`"${name}" of ${this.#where} must be a list.`);
    return value;
  }
}

/**
 * The configuration in `text`: `{model, input, sets: [{polyModulusDegree, coeffModulusBits}, …], layers, refresh, clientOps,
 * backend, layersReport, threads}`, or PyCrCNN's `{model_path, encryption_parameters: [{m, p, sec, base}, …], layers,
 * rencrypt_positions, debug, max_threads}`. Both kinds of sets may stand in one file.
 * @throws SealedError `invalid-argument` naming the field
 */
export function parseTestConfig(text: string): TestConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('The configuration is no valid JSON.');
  }
  const fields = new Fields(value, 'the configuration');
  const modelPath = fields.text('model') ?? fields.text('model_path');
  if (modelPath === undefined) throw invalid('"model" (or "model_path") is missing.');
  const ckks = fields.list('sets').map((entry, i) => ckksSet(new Fields(entry, `set ${i + 1}`)));
  const bfv = fields
    .list('encryption_parameters')
    .map((entry, i) => bfvSet(new Fields(entry, `encryption_parameters ${i + 1}`), i));
  if (ckks.length + bfv.length === 0)
    throw invalid('"sets" (or "encryption_parameters") has nothing to try.');
  const layers = fields.wholes('layers');
  return {
    modelPath,
    inputPath: fields.text('input'),
    inputShape: fields.wholes('inputShape'),
    count: fields.whole('count'),
    // PyCrCNN lists every layer; it knows no gaps.
    layers: layers?.length ? [Math.min(...layers), Math.max(...layers)] : undefined,
    refresh: fields.wholes('refresh') ?? fields.wholes('rencrypt_positions') ?? [],
    clientOps: fields.flag('clientOps'),
    backend: fields.text('backend'),
    layersReport: fields.has('layersReport') ? fields.flag('layersReport') : true,
    threads: Math.max(1, fields.whole('threads') ?? fields.whole('max_threads') ?? 2),
    ckks,
    bfv,
  };
}

function ckksSet(fields: Fields): ParameterSet {
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

// Arguments of `sealed-qr model`, and the files they name.
import { totalmem } from 'node:os';
import { basename } from 'node:path';
import { inputsFor, readInputFile, readLayerList, readModelFile } from '../src/import/model-file.ts';
import { type ModelOptions, samplesOf } from '../src/app/network/model-plan.ts';
import { BACKENDS } from '../src/app/session/backends.ts';
import { PREFERENCES } from '../src/plan/preference.ts';
import type { ModelRunRequest } from '../src/app/network/run-model.ts';
import {
  byteCount,
  choice,
  layerRange,
  milliseconds,
  numberList,
  numberRange,
  parseArguments,
  positiveNumber,
  shape as shapeOf,
  wholeNumber,
  workerCount,
} from './arguments.ts';
import { checkOutputs, type NamedFile, parsed, readBytes, readText } from './files.ts';
import { readModelParts } from './model-parts.ts';
import { UsageError } from './usage.ts';

const OPTIONS = {
  input: { type: 'string' },
  'input-shape': { type: 'string' },
  'state-dict-layers': { type: 'string' },
  output: { type: 'string' },
  calibrate: { type: 'string' },
  'input-range': { type: 'string' },
  prefer: { type: 'string' },
  count: { type: 'string' },
  layers: { type: 'string' },
  refresh: { type: 'string' },
  'client-ops': { type: 'boolean', default: false },
  tolerance: { type: 'string' },
  'max-memory': { type: 'string' },
  'max-keys': { type: 'string' },
  'max-time': { type: 'string' },
  'max-rounds': { type: 'string' },
  'max-error': { type: 'string' },
  compare: { type: 'boolean', default: false },
  batch: { type: 'string' },
  delay: { type: 'string' },
  backend: { type: 'string', default: 'simd' },
  workers: { type: 'string' },
  'fresh-keys': { type: 'boolean', default: false },
  'allow-error': { type: 'string' },
  'layers-report': { type: 'boolean', default: false },
  warm: { type: 'boolean', default: false },
  print: { type: 'boolean', default: false },
  save: { type: 'string' },
  force: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** A command line whose files have been read. */
export interface ModelArguments {
  /** The network and how to run it; no inputs where none were given. */
  readonly request: ModelRunRequest;
  readonly workers: number;
  readonly json: boolean;
  /** Where to write the results; undefined for nowhere. */
  readonly save: NamedFile | undefined;
  /** Whether to print the plan itself, stage by stage, instead of what it costs. */
  readonly print: boolean;
}

/**
 * Reads the arguments, then the files.
 * @throws UsageError for a bad argument; FileError for a file that cannot be read as what it should be; SealedError
 * `unsupported-layer`
 */
export async function readModelArguments(
  args: readonly string[],
  command: 'plan' | 'run',
): Promise<ModelArguments> {
  const { values, positionals } = parseArguments(args, OPTIONS);
  const [file, ...more] = positionals;
  if (file === undefined) throw new UsageError('The model FILE is missing.');
  if (more.length > 0) throw new UsageError(`Give one model file, not also "${more[0]}".`);
  if (values.print && (command === 'run' || values.json))
    throw new UsageError('--print prints a plan as text: "model plan FILE --print", without --json.');
  if (command === 'run' && values.input === undefined) throw new UsageError('--input FILE is missing.');
  const save = values.save === undefined ? undefined : { name: '--save', path: values.save };
  if (save) {
    if (command === 'plan') throw new UsageError('A plan has no results to --save: say "model run".');
    if (!/\.(npy|json)$/i.test(save.path)) throw new UsageError('--save takes a .npy or .json file.');
  }
  const options = {
    backend: choice('backend', values.backend, BACKENDS),
    ...(values.layers !== undefined && { layers: layerRange('layers', values.layers) }),
    ...(values.refresh !== undefined && { refresh: numberList('refresh', values.refresh) }),
    clientOps: values['client-ops'],
    ...(values.prefer !== undefined && { prefer: choice('prefer', values.prefer, PREFERENCES) }),
    ...(values['input-range'] !== undefined && {
      inputRange: numberRange('input-range', values['input-range']),
    }),
    ...(values.tolerance !== undefined && { tolerance: positiveNumber('tolerance', values.tolerance) }),
    limits: limitsOf(values),
    ...(values.compare && { compare: true }),
  };
  if (values.calibrate !== undefined && values['input-range'] !== undefined)
    throw new UsageError('Ranges come from --calibrate FILE or from --input-range LOW,HIGH, not from both.');
  const batch = values.batch === undefined ? undefined : wholeNumber('batch', values.batch, 1, 16384);
  const count = values.count === undefined ? Infinity : wholeNumber('count', values.count, 1, 1e6);
  const allowedError =
    values['allow-error'] === undefined ? undefined : positiveNumber('allow-error', values['allow-error']);
  const delayMs = values.delay === undefined ? undefined : milliseconds('delay', values.delay);
  const workers = workerCount(values.workers);
  const shape =
    values['input-shape'] === undefined ? undefined : shapeOf('input-shape', values['input-shape']);

  const { input: inputPath, calibrate: samplesPath, 'state-dict-layers': listPath, output } = values;
  const name = basename(file);
  if (save) {
    const read = [file, inputPath, samplesPath, listPath].filter((path) => path !== undefined);
    await checkOutputs([save], read.map((path) => ({ name: path, path })), { replace: values.force }); // prettier-ignore
  }
  const { bytes, layers } = await readModelParts(file, listPath, readLayers);
  const input = inputPath === undefined ? undefined : await readInput('The input', inputPath);
  const samples =
    samplesPath === undefined ? undefined : await readInput('The calibration input', samplesPath);
  const graph = parsed(file, () => readModelFile(bytes, { name, inputShape: shape, layers, output, input }));
  const inputs = input ? parsed(inputPath!, () => inputsFor(graph.input.shape, input)).slice(0, count) : [];
  // Never those of --input: what a plan is made for, its service knows.
  const calibration = samples ? parsed(samplesPath!, () => inputsFor(graph.input.shape, samples)) : [];
  const modelOptions: ModelOptions = {
    ...options,
    batch: batch ?? Math.max(1, inputs.length),
    calibration: samplesOf(graph, calibration.slice(0, MOST_SAMPLES)),
  };
  const { warm, json, print } = values;
  return {
    request: {
      ...modelOptions,
      model: { file: { name, bytes, inputShape: graph.input.shape, layers, output }, graph },
      inputs,
      warm,
      layersReport: values['layers-report'],
      freshKeys: values['fresh-keys'],
      allowedError,
      delayMs,
    },
    workers,
    json,
    save,
    print,
  };
}

// A kernel has 4 GB at most.
const MOST_MEMORY = 4e9;

/** The options that limit a plan. */
function limitsOf(
  values: Readonly<
    Partial<Record<'max-memory' | 'max-keys' | 'max-time' | 'max-rounds' | 'max-error', string>>
  >,
): NonNullable<ModelOptions['limits']> {
  const of = <T>(name: keyof typeof values, read: (option: string, value: string) => T): T | undefined => {
    const value = values[name];
    return value === undefined ? undefined : read(name, value);
  };
  return {
    memoryBytes: of('max-memory', byteCount) ?? Math.min(MOST_MEMORY, totalmem() / 4),
    keyBytes: of('max-keys', byteCount),
    evaluateMs: of('max-time', milliseconds),
    rounds: of('max-rounds', (option, value) => wholeNumber(option, value, 0, 1000)),
    error: of('max-error', positiveNumber),
  };
}

/** The tensor in an input file. @throws FileError */
export async function readInput(what: string, path: string): Promise<ReturnType<typeof readInputFile>> {
  const bytes = await readBytes(what, path);
  return parsed(path, () => readInputFile(path, bytes));
}

/** The text of a list of layers, once it is known to be one. @throws FileError */
async function readLayers(path: string): Promise<string> {
  const text = await readText('The layer list', path);
  parsed(path, () => readLayerList(text));
  return text;
}

// More samples change the ranges little and the time much.
const MOST_SAMPLES = 64;

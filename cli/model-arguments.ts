// Arguments of `sealed-qr model`, and the files they name.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { inputsFor, readInputFile, readModelFile } from '../src/app/model-file.ts';
import { type ModelOptions, samplesOf } from '../src/app/plan-model.ts';
import { BACKENDS } from '../src/app/report.ts';
import type { ModelRunRequest } from '../src/app/run-model.ts';
import { choice, layerRange, numberList, parseArguments, wholeNumber, workerCount } from './arguments.ts';
import { UsageError } from './usage.ts';

const OPTIONS = {
  input: { type: 'string' },
  'input-shape': { type: 'string' },
  'state-dict-layers': { type: 'string' },
  calibrate: { type: 'string' },
  count: { type: 'string' },
  layers: { type: 'string' },
  refresh: { type: 'string' },
  'client-ops': { type: 'boolean', default: false },
  batch: { type: 'string' },
  backend: { type: 'string', default: 'simd' },
  workers: { type: 'string' },
  'layers-report': { type: 'boolean', default: false },
  warm: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** A command line whose files have been read. */
export interface ModelArguments {
  /** The network and how to run it; no inputs where none were given. */
  readonly request: ModelRunRequest;
  readonly workers: number;
  readonly json: boolean;
}

async function readBytes(path: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(path));
}

/**
 * Reads the arguments, then the files.
 * @throws UsageError for a bad argument; SealedError for a file that cannot be read as what it should be
 */
export async function readModelArguments(
  args: readonly string[],
  command: 'plan' | 'run',
): Promise<ModelArguments> {
  const { values, positionals } = parseArguments(args, OPTIONS);
  const [file, ...more] = positionals;
  if (file === undefined) throw new UsageError('The model FILE is missing.');
  if (more.length > 0) throw new UsageError(`Give one model file, not also "${more[0]}".`);
  if (command === 'run' && values.input === undefined) throw new UsageError('--input FILE is missing.');
  const options = {
    backend: choice('backend', values.backend, BACKENDS),
    ...(values.layers !== undefined && { layers: layerRange('layers', values.layers) }),
    ...(values.refresh !== undefined && { refresh: numberList('refresh', values.refresh) }),
    clientOps: values['client-ops'],
  };
  const batch = values.batch === undefined ? undefined : wholeNumber('batch', values.batch, 1, 16384);
  const count = values.count === undefined ? Infinity : wholeNumber('count', values.count, 1, 1e6);
  const workers = workerCount(values.workers);
  const shape =
    values['input-shape'] === undefined ? undefined : numberList('input-shape', values['input-shape']);

  const [model, list, input, samples] = await Promise.all([
    readBytes(file),
    values['state-dict-layers'] === undefined ? undefined : readFile(values['state-dict-layers'], 'utf8'),
    values.input === undefined ? undefined : readBytes(values.input),
    values.calibrate === undefined ? undefined : readBytes(values.calibrate),
  ]);
  const tensor = input && readInputFile(values.input!, input);
  const graph = readModelFile(model, {
    name: basename(file),
    inputShape: shape,
    layers: list,
    input: tensor,
  });
  const inputs = tensor ? inputsFor(graph.input.shape, tensor).slice(0, count) : [];
  // Whoever runs this command owns both network and inputs; a server that must not see their ranges is given --calibrate.
  const calibration = samples
    ? inputsFor(graph.input.shape, readInputFile(values.calibrate!, samples))
    : inputs;
  const modelOptions: ModelOptions = {
    ...options,
    batch: batch ?? Math.max(1, inputs.length),
    calibration: samplesOf(graph, calibration.slice(0, MOST_SAMPLES)),
  };
  const { warm, json } = values;
  return {
    request: { ...modelOptions, graph, inputs, warm, layersReport: values['layers-report'] },
    workers,
    json,
  };
}

// More samples change the ranges little and the time much.
const MOST_SAMPLES = 64;

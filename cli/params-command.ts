// `sealed-qr params test`: one network under many parameter sets.
import { basename, dirname, resolve } from 'node:path';
import { inputsFor, madeUpInput, readModelFile } from '../src/import/model-file.ts';
import { type ParameterTest, testParameters } from '../src/app/tester/parameter-test.ts';
import { samplesOf } from '../src/app/network/model-plan.ts';
import { sweepBfv } from '../src/app/tester/bfv-sweep.ts';
import { type RefreshRule, refreshedAfter } from '../src/app/tester/refreshes.ts';
import { BACKENDS } from '../src/app/session/backends.ts';
import { parseTestConfig, type TestConfig } from '../src/app/tester/test-config.ts';
import { choice, parseArguments, unknownName, wholeNumber } from './arguments.ts';
import { parsed, readBytes, readText } from './files.ts';
import { readInput } from './model-arguments.ts';
import { bfvTester, nodeWorkers } from '../workers/platform/node.ts';
import { type Outcome, type ParamsReport, paramsTable, type TestedInput } from './params-table.ts';
import { UsageError } from './usage.ts';

const OPTIONS = {
  threads: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** Runs the command. @throws UsageError, SealedError */
export async function runParamsCommand([name, ...args]: readonly string[]): Promise<void> {
  if (name !== 'test') {
    throw name === undefined
      ? new UsageError('Say "params test".')
      : unknownName('command', `params ${name}`, ['params test']);
  }
  const { values, positionals } = parseArguments(args, OPTIONS);
  const [path, ...more] = positionals;
  if (path === undefined) throw new UsageError('CONFIG.json is missing.');
  if (more.length > 0) throw new UsageError(`Give one configuration, not also "${more[0]}".`);
  const threads = values.threads === undefined ? undefined : wholeNumber('threads', values.threads, 1, 32);
  const text = await readText('The configuration', path);
  const config = parsed(path, () => parseTestConfig(text));
  const report = await paramsReport(config, dirname(path), threads ?? config.threads);
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : paramsTable(report));
}

// CIFAR-10's size, which PyCrCNN's files mean without saying so.
const PYCRCNN_SHAPE = [3, 32, 32];

/** The outcome of every set of `config`, whose paths are from `folder`: CKKS sets first. @throws SealedError */
export async function paramsReport(
  config: TestConfig,
  folder: string,
  threads: number,
): Promise<ParamsReport> {
  const at = (path: string): string => resolve(folder, path);
  const { modelPath, inputPath, calibratePath, inputRange, layers, clientOps, layersReport, notes } = config;
  const name = basename(modelPath);
  const bytes = await readBytes('The model', at(modelPath));
  const given = inputPath === undefined ? undefined : await readInput('The input', at(inputPath));
  const samples =
    calibratePath === undefined ? undefined : await readInput('The calibration input', at(calibratePath));
  const graph = parsed(at(modelPath), () =>
    readModelFile(bytes, {
      name,
      inputShape: config.inputShape,
      input: given,
      fallbackShape: given ? undefined : PYCRCNN_SHAPE,
    }),
  );
  const { shape } = graph.input;
  const inputs = given
    ? parsed(at(inputPath!), () => inputsFor(shape, given)).slice(0, config.count ?? 1)
    : [madeUpInput(shape)];
  // A person's inputs are none of the plan's business; a picture that this command has made up is nobody's.
  const calibration = samples
    ? parsed(at(calibratePath!), () => inputsFor(shape, samples))
    : given || inputRange
      ? []
      : inputs;
  const range = layers && { layers };
  const withRefresh = <S extends { readonly refresh: RefreshRule | undefined }>(set: S) => ({
    ...set,
    refresh: refreshedAfter(graph, layers, set.refresh),
  });
  const [ckks, bfv] = [config.ckks.map(withRefresh), config.bfv.map(withRefresh)];
  const results: Outcome[] = [];
  if (ckks.length > 0) {
    const test: ParameterTest = {
      model: { file: { name, bytes, inputShape: shape }, graph },
      inputs,
      sets: ckks,
      threads,
      layersReport,
      clientOps,
      backend: choice('backend', config.backend ?? 'simd', BACKENDS),
      batch: inputs.length,
      calibration: samplesOf(graph, calibration),
      inputRange,
      ...range,
    };
    results.push(...(await testParameters(nodeWorkers(1), test)));
  }
  results.push(...(await sweepBfv(bfvTester, { graph, inputs, sets: bfv, threads, ...range })));
  return {
    model: modelPath,
    layers: layers ?? null,
    input: testedInput(inputPath, shape, inputs.length),
    notes,
    results,
  };
}

function testedInput(file: string | undefined, shape: readonly number[], count: number): TestedInput {
  const size = shape.join('×');
  const description =
    file === undefined
      ? `made up: a smooth picture of ${size} numbers from 0 to 1, since the file names no "input"`
      : `${file}, ${count} input${count === 1 ? '' : 's'} of ${size}`;
  return { madeUp: file === undefined, file: file ?? null, count, shape, description };
}

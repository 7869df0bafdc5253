// `sealed-qr params test`: one network under many parameter sets.
import { basename, dirname, resolve } from 'node:path';
import { SealedError } from '../src/base/errors.ts';
import { inputsFor, madeUpInput, readModelFile } from '../src/import/model-file.ts';
import type { Graph } from '../src/model/graph.ts';
import { pycrcnnResults } from '../src/app/tester/pycrcnn-results.ts';
import type { SessionWorkers } from '../src/app/session/workers.ts';
import { runTestConfig } from '../src/app/tester/run-config.ts';
import { parseTestConfig, type TestConfig } from '../src/app/tester/test-config.ts';
import { layerRange, parseArguments, shape, unknownName, wholeNumber } from './arguments.ts';
import { checkOutputs, type NamedFile, parsed, readBytes, readText, writeOutput } from './files.ts';
import { readInput } from './model-arguments.ts';
import { bfvTester, nodeWorkers } from '../workers/platform/node.ts';
import { type ParamsReport, paramsTable, type TestedInput } from './params-table.ts';
import { UsageError } from './usage.ts';

const OPTIONS = {
  model: { type: 'string' },
  input: { type: 'string' },
  'input-shape': { type: 'string' },
  layers: { type: 'string' },
  threads: { type: 'string' },
  results: { type: 'string' },
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
  const { model, input, layers, threads, results, json } = values;
  const shapeText = values['input-shape'];
  const given: Partial<TestConfig> = {
    ...(layers !== undefined && { layers: layerRange('layers', layers) }),
    ...(shapeText !== undefined && { inputShape: shape('input-shape', shapeText) }),
    ...(threads !== undefined && { threads: wholeNumber('threads', threads, 1, 32) }),
    // Paths of the command line are from where it was called, those of the file from the file.
    ...(model !== undefined && { modelPath: resolve(model) }),
    ...(input !== undefined && { inputPath: resolve(input) }),
  };
  const text = await readText('The configuration', path);
  const config = { ...parsed(path, () => parseTestConfig(text)), ...given };
  const out: NamedFile | undefined = results === undefined ? undefined : { name: '--results', path: results };
  // PyCrCNN writes its results anew as well; what was read stays.
  const read = [path, ...[config.modelPath, config.inputPath].filter((file) => file !== undefined)];
  const inputs = read.map((file) => ({
    name: 'a file that is read',
    path: file === path ? path : resolve(dirname(path), file),
  }));
  if (out) await checkOutputs([out], inputs, { replace: true });
  const report = await paramsReport(config, dirname(path));
  if (out) await writeOutput(out, `${JSON.stringify(pycrcnnResults(report.results), null, 4)}\n`);
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : paramsTable(report));
}

/** CIFAR-10's and MNIST's, which PyCrCNN's files mean without saying so. */
const PYCRCNN_SHAPES = [
  [3, 32, 32],
  [1, 28, 28],
] as const;

/**
 * The outcome of every set of `config`, whose paths are from `folder`: CKKS sets first.
 * @param session what sessions start; threads of this program's own unless given
 * @throws SealedError
 */
export async function paramsReport(
  config: TestConfig,
  folder: string,
  threads = config.threads,
  session: SessionWorkers = nodeWorkers(1),
): Promise<ParamsReport> {
  const at = (path: string): string => resolve(folder, path);
  const { modelPath, inputPath, calibratePath, inputRange } = config;
  if (modelPath === undefined) {
    const message = '"model" (or "model_path") is missing: say it there, or as --model FILE.';
    throw new SealedError('invalid-argument', [message, ...config.notes].join(' '), { stage: 'input' });
  }
  const name = basename(modelPath);
  const bytes = await readBytes('The model', at(modelPath));
  const given = inputPath === undefined ? undefined : await readInput('The input', at(inputPath));
  const owners =
    calibratePath === undefined ? undefined : await readInput('The calibration input', at(calibratePath));
  const graph = parsed(at(modelPath), () => readTested(config, bytes, name, given));
  const inputs = given
    ? parsed(at(inputPath!), () => inputsFor(graph.input.shape, given)).slice(0, config.count ?? 1)
    : [madeUpInput(graph.input.shape)];
  // A person's inputs are none of the plan's business; a picture that this command has made up is nobody's.
  const samples = owners
    ? parsed(at(calibratePath!), () => inputsFor(graph.input.shape, owners))
    : given || inputRange
      ? []
      : inputs;
  const model = { file: { name, bytes, inputShape: graph.input.shape }, graph };
  const report = await runTestConfig({ session, bfv: bfvTester }, { model, inputs, samples }, config, {
    threads,
  });
  return { model: modelPath, input: testedInput(inputPath, graph.input.shape, inputs.length), ...report };
}

/** The model, with the shape that the file, the input, or the data set has, or one of PyCrCNN's. */
function readTested(
  { inputShape, datasetShape }: TestConfig,
  bytes: Uint8Array,
  name: string,
  input: Awaited<ReturnType<typeof readInput>> | undefined,
): Graph {
  const shapes = input ? [undefined] : [...(datasetShape ? [datasetShape] : []), ...PYCRCNN_SHAPES];
  let failure: unknown;
  for (const fallbackShape of shapes) {
    try {
      return readModelFile(bytes, { name, inputShape, input, fallbackShape });
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

function testedInput(file: string | undefined, shape: readonly number[], count: number): TestedInput {
  const size = shape.join('×');
  const description =
    file === undefined
      ? `made up: a smooth picture of ${size} numbers from 0 to 1, since the file names no "input"`
      : `${file}, ${count} input${count === 1 ? '' : 's'} of ${size}`;
  return { madeUp: file === undefined, file: file ?? null, count, shape, description };
}

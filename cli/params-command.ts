// `sealed-qr params test`: one network under many parameter sets.
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { inputsFor, readInputFile, readModelFile } from '../src/app/model-file.ts';
import { type ParameterRefusal, type ParameterResult, testParameters } from '../src/app/parameter-test.ts';
import { samplesOf } from '../src/app/plan-model.ts';
import { type BfvRefusal, type BfvResult, sweepBfv } from '../src/app/bfv-sweep.ts';
import { BACKENDS } from '../src/app/report.ts';
import { parseTestConfig, type TestConfig } from '../src/app/test-config.ts';
import { choice, parseArguments, wholeNumber } from './arguments.ts';
import { bfvTester, nodeWorkers } from './node-workers.ts';
import { ms, size } from './table.ts';
import { UsageError } from './usage.ts';

const OPTIONS = {
  threads: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** Runs the command. @throws UsageError, SealedError */
export async function runParamsCommand([name, ...args]: readonly string[]): Promise<void> {
  if (name !== 'test') {
    throw new UsageError(name === undefined ? 'Say "params test".' : `There is no command "params ${name}".`);
  }
  const { values, positionals } = parseArguments(args, OPTIONS);
  const [path, ...more] = positionals;
  if (path === undefined) throw new UsageError('CONFIG.json is missing.');
  if (more.length > 0) throw new UsageError(`Give one configuration, not also "${more[0]}".`);
  const threads = values.threads === undefined ? undefined : wholeNumber('threads', values.threads, 1, 32);
  const config = parseTestConfig(await readFile(path, 'utf8'));
  const results = await runTest(config, dirname(path), threads ?? config.threads);
  const report = { model: config.modelPath, layers: config.layers ?? null, results };
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : resultTable(results));
}

// CIFAR-10's size, which PyCrCNN's files mean without saying so.
const PYCRCNN_SHAPE = [3, 32, 32];

type Outcome = ParameterResult | ParameterRefusal | BfvResult | BfvRefusal;

/** The outcome of every set of `config`, whose paths are from `folder`: CKKS sets first. @throws SealedError */
export async function runTest(config: TestConfig, folder: string, threads: number): Promise<Outcome[]> {
  const at = (path: string): string => resolve(folder, path);
  const input =
    config.inputPath === undefined
      ? undefined
      : readInputFile(config.inputPath, new Uint8Array(await readFile(at(config.inputPath))));
  const shape = config.inputShape ?? (input ? undefined : PYCRCNN_SHAPE);
  const graph = readModelFile(new Uint8Array(await readFile(at(config.modelPath))), {
    name: basename(config.modelPath),
    inputShape: shape,
    input,
  });
  const inputs = input
    ? inputsFor(graph.input.shape, input).slice(0, config.count ?? 1)
    : [madeUpInput(graph.input.shape)];
  const { ckks, bfv, layers, refresh, clientOps, layersReport } = config;
  const range = layers && { layers };
  const sweep = (): Promise<Outcome[]> =>
    sweepBfv(bfvTester, { graph, inputs, sets: bfv, threads, refresh, ...range });
  if (ckks.length === 0) return sweep();
  const results = await testParameters(nodeWorkers(), {
    graph,
    inputs,
    sets: ckks,
    threads,
    layersReport,
    refresh,
    clientOps,
    backend: choice('backend', config.backend ?? 'simd', BACKENDS),
    batch: inputs.length,
    calibration: samplesOf(graph, inputs),
    ...range,
  });
  return [...results, ...(await sweep())];
}

/** A smooth picture in 0 to 1, the same on every machine. */
function madeUpInput(shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, n) => product * n, 1);
  return Float32Array.from({ length: count }, (_, i) => 0.5 + 0.5 * Math.sin(i * 0.37));
}

function resultTable(results: readonly Outcome[]): string {
  return results
    .map((result) => {
      if (!result.ran) {
        const nearest = Object.entries(('nearest' in result ? result.nearest : undefined) ?? {}).map(
          ([name, value]) => ` ${name} = ${value}`,
        );
        const advice = nearest.length > 0 ? `\n  nearest that would do:${nearest.join(',')}` : '';
        return `${result.name}\n  not run: ${result.reason} (${result.code})${advice}\n`;
      }
      if (result.scheme === 'bfv') return bfvLines(result);
      const { timings, bytes, layers } = result;
      const errors = layers.map(({ index, level, maxAbsError }) => {
        const error = maxAbsError === null ? '–' : maxAbsError.toExponential(1);
        return `${index}: ${error}${level === null ? '' : ` (level ${level})`}`;
      });
      return (
        `${result.name}\n` +
        `  error: largest ${result.maxAbsError.toExponential(2)}, mean ${result.meanAbsError.toExponential(2)}, predicted below ${result.predictedError.toExponential(1)}\n` +
        `  evaluate ${ms(timings.evaluateMs)}, keys ${ms(timings.keygenMs)} and ${size(bytes.evaluationKeys)}, request ${size(bytes.request)}, ${result.parameters.securityBits}-bit security, backend ${result.backend}\n` +
        `  after each layer: ${errors.join(', ')}\n`
      );
    })
    .join('');
}

function bfvLines({
  name,
  parameters,
  fixedPoint,
  packing,
  maxAbsError,
  meanAbsError,
  layers,
  timings,
  bytes,
}: BfvResult): string {
  const { base, inputDigits, weightDigits, roundingError } = fixedPoint;
  const primes = parameters.coeffModulusBits.join(' + ');
  const each = layers.map(
    (layer) => `${layer.index}: ${layer.maxAbsError.toExponential(1)} (${layer.noiseBudgetBits} bits)`,
  );
  return (
    `${name}\n` +
    `  error: largest ${maxAbsError.toExponential(2)}, mean ${meanAbsError.toExponential(2)}, of which rounding ${roundingError.toExponential(2)}\n` +
    `  fixed point: inputs × ${base}^${inputDigits}, weights × ${base}^${weightDigits}, values in ${packing}\n` +
    `  evaluate ${ms(timings.evaluateMs)}, keys ${ms(timings.keygenMs)} and ${size(bytes.evaluationKeys)}, request ${size(bytes.request)}, ${parameters.securityBits}-bit security (primes of ${primes} bits)\n` +
    `  error and noise budget left after each layer: ${each.join(', ')}\n`
  );
}

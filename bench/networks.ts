// Trained networks encrypted: errors, answers, times beside their predictions. `node bench/networks.ts [--json] [--images N]`
// Reads the models and pictures of ../shared/data.
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { nodeWorkers } from '../workers/platform/node.ts';
import { inputsFor, readModelFile } from '../src/import/model-file.ts';
import { type ModelOptions, planModel, samplesOf } from '../src/app/network/model-plan.ts';
import { runSealed } from '../src/app/session/run.ts';
import { Session } from '../src/app/session/session.ts';
import { Stages } from '../src/app/session/stages.ts';
import { clearOutputs } from '../src/app/network/clear-run.ts';
import { compareOutputs } from '../src/app/network/run-model.ts';
import { selectLayers } from '../src/model/layer-range.ts';
import { readNpy } from '../src/import/numpy.ts';
import { median } from './measure.ts';

const DATA = new URL('../../shared/data/', import.meta.url);

interface Case {
  readonly name: string;
  readonly model: string;
  readonly input: string;
  readonly labels?: string;
  readonly stateDictLayers?: string;
  readonly options: Partial<ModelOptions>;
  /** Inputs, and how many at once. */
  readonly inputs: number;
  readonly batch: number;
}

const LOCAL_LAYERS = `Sequential(
  (0): Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1))
  (1): AvgPool2d(kernel_size=2, stride=3, padding=0)
  (2): Conv2d(8, 16, kernel_size=(3, 3), stride=(2, 2))
  (3): AvgPool2d(kernel_size=2, stride=2, padding=0)
  (4): Flatten(start_dim=1, end_dim=-1)
  (5): Linear(in_features=64, out_features=16, bias=True)
  (6): Linear(in_features=16, out_features=10, bias=True)
)`;

function cases(images: number): Case[] {
  const boot = { input: 'pycrcnn/input_image_dim1.npy', inputs: 1, batch: 1, options: {} };
  const simple = {
    model: 'pycrcnn/SimpleModelApprox.pt',
    input: 'pycrcnn/rand_1x3x32x32_seed0.npy',
    inputs: 1,
    batch: 1,
  };
  const digits = [
    { model: 'onnx/cryptonets_square.onnx', input: 'mnist/images.npy' },
    { model: 'onnx/mnist.onnx', input: 'mnist/images_28x28.npy' },
  ];
  return [
    { name: 'local_execution_model, legacy', model: 'pycrcnn/local_execution_model.pt', ...boot },
    { name: 'local_execution_model, zip', model: 'pycrcnn/local_execution_model.zip.pt', ...boot },
    {
      name: 'local_execution_model, state_dict',
      model: 'pycrcnn/local_execution_model.state_dict.pt',
      stateDictLayers: LOCAL_LAYERS,
      ...boot,
    },
    ...digits.flatMap((digit) =>
      [1, images].map((batch) => ({
        name: `${digit.model.replace(/^onnx\//, '')}, ${batch} at once`,
        ...digit,
        labels: 'mnist/labels.npy',
        options: {},
        inputs: images,
        batch,
      })),
    ),
    { name: 'SimpleModelApprox, layers 0-7', ...simple, options: { layers: [0, 7] } },
    { name: 'SimpleModelApprox, 0-7, refresh after 2', ...simple, options: { layers: [0, 7], refresh: [2] } },
    { name: 'SimpleModelApprox, client ops', ...simple, options: { clientOps: true } },
    {
      name: 'SimpleModelApprox, client ops, refresh 2',
      ...simple,
      options: { clientOps: true, refresh: [2] },
    },
  ];
}

function read(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, DATA)));
}

function argmax(values: Float32Array): number {
  return values.indexOf(Math.max(...values));
}

// A single small run is too short to time once.
const LEAST_RUNS = 7;

async function runCase(test: Case, session: Session): Promise<Record<string, string | number | boolean>> {
  const tensor = readNpy(read(test.input));
  const bytes = read(test.model);
  const { name, stateDictLayers: layers } = test;
  const graph = readModelFile(bytes, { name, input: tensor, layers });
  const all = inputsFor(graph.input.shape, tensor);
  const inputs = all.slice(0, test.inputs);
  // Calibrated on other pictures than those that are run, where there are others.
  const calibration = samplesOf(graph, all.length > 100 ? all.slice(100, 120) : all);
  const options: ModelOptions = { ...test.options, backend: 'simd', batch: test.batch, calibration };
  const model = { file: { name, bytes, inputShape: graph.input.shape, layers }, graph };
  const { card, explanation, planMs } = await planModel(session, model, options);
  const { predictedError, parameters } = explanation;
  const groups = Array.from({ length: Math.ceil(inputs.length / test.batch) }, (_, i) =>
    inputs.slice(i * test.batch, (i + 1) * test.batch),
  );
  const times = await session.measure(card);
  const run = (group: readonly Float32Array[]) => runSealed(session, { card, inputs: group }, new Stages({}));
  await run(groups[0]);
  await run(groups[0]);
  const outputs: Float32Array[] = [];
  const evaluateMs: number[] = [];
  for (let i = 0; i < Math.max(LEAST_RUNS, groups.length); i += 1) {
    const group = groups[i % groups.length];
    const outcome = await run(group);
    if (i < groups.length) outputs.push(...outcome.outputs);
    evaluateMs.push(outcome.timings.evaluateMs / group.length);
  }
  const ran = options.layers ? selectLayers(graph, ...options.layers) : graph;
  const expected = clearOutputs(ran, inputs);
  const { maxAbsError } = compareOutputs(outputs, expected);
  const largest = Math.max(...expected.flatMap((values) => [...values].map(Math.abs)));
  const measuredMs = median(evaluateMs);
  const predictedMs = (await session.predict(card, groups[0].length, times)) / groups[0].length;
  const tableMs = (await session.predict(card, groups[0].length)) / groups[0].length;
  const labels = test.labels && readNpy(read(test.labels)).data;
  return {
    name: test.name,
    backend: card.card.backend,
    N: parameters.polyModulusDegree,
    primes: parameters.primes.length,
    rounds: explanation.rounds,
    keysMB: Math.round(explanation.keyBytes / 1e5) / 10,
    planMs: Math.round(planMs),
    evaluateMsAnInput: Math.round(measuredMs * 10) / 10,
    predictedMs: Math.round(predictedMs * 10) / 10,
    ratio: Math.round((measuredMs / predictedMs) * 100) / 100,
    tableMs: Math.round(tableMs * 10) / 10,
    maxAbsError: Number(maxAbsError.toExponential(2)),
    relative: Number((maxAbsError / largest).toExponential(1)),
    predictedError: Number(predictedError.toExponential(1)),
    withinBound: maxAbsError <= predictedError,
    sameAnswers: `${outputs.filter((values, i) => argmax(values) === argmax(expected[i])).length}/${inputs.length}`,
    accuracy: labels
      ? outputs.filter((values, i) => argmax(values) === labels[i]).length / inputs.length
      : '',
  };
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    images: { type: 'string', default: '50' },
    workers: { type: 'string', default: '2' },
  },
});
if (existsSync(DATA)) {
  const results = [];
  for (const test of cases(Number(values.images))) {
    // A session a network: each begins with no keys, as a user's does.
    const session = new Session({
      workers: nodeWorkers(Number(values.workers)),
      advice: 'Try fewer images.',
    });
    try {
      const result = await runCase(test, session);
      results.push(result);
      if (!values.json) {
        const line = Object.entries(result).map(([name, value]) =>
          name === 'name' ? value : `${name} ${value}`,
        );
        process.stdout.write(`${line.join(', ')}\n`);
      }
    } finally {
      session.close();
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`);
} else {
  process.stderr.write('The models of ../shared/data are not here.\n');
  process.exitCode = 1;
}

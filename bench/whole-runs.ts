// What a first run takes beside a warm one, as CPU time of all threads: the figures behind src/app/network/whole-prediction.ts.
// `node bench/whole-runs.ts [MODEL INPUT [PREFER]]`
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename } from 'node:path';
import { planModel, reportPlan, samplesOf } from '../src/app/network/model-plan.ts';
import { runSealed } from '../src/app/session/run.ts';
import { Session } from '../src/app/session/session.ts';
import { Stages } from '../src/app/session/stages.ts';
import { inputsFor, readInputFile, readModelFile } from '../src/import/model-file.ts';
import type { Preference } from '../src/plan/preference.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
import { processClock } from './measure.ts';

const MODELS = new URL('../public/models/', import.meta.url).pathname;
const [model = `${MODELS}digits.onnx`, input = `${MODELS}digits-input.npy`, prefer = 'balanced'] =
  process.argv.slice(2);
const RUNS = 5;

const bytes = new Uint8Array(readFileSync(model));
const tensor = readInputFile(input, new Uint8Array(readFileSync(input)));
const graph = readModelFile(bytes, { name: basename(model), input: tensor });
const inputs = inputsFor(graph.input.shape, tensor);
const session = new Session({ workers: nodeWorkers(1), advice: '' });
try {
  const file = { name: basename(model), bytes, inputShape: graph.input.shape };
  const calibration = samplesOf(graph, inputs.slice(0, 16));
  const options = {
    backend: 'simd',
    batch: 1,
    calibration,
    prefer: prefer as Preference,
    tolerance: 0.035,
  } as const;
  const planned = await planModel(session, { file, graph }, options);
  const report = await reportPlan(session, planned, 1, 'simd');
  const { keyBytes, segments } = report;
  const cpu = async <T>(work: () => Promise<T>): Promise<{ ms: number; wall: number; result: T }> => {
    const before = processClock();
    const started = performance.now();
    const result = await work();
    return { ms: processClock() - before, wall: performance.now() - started, result };
  };
  const keys = await cpu(() => session.prepareKeys(planned.card, {}));
  const run = () => runSealed(session, { card: planned.card, inputs: inputs.slice(0, 1) }, new Stages({}));
  const first = await cpu(run);
  const warm = [];
  for (let i = 0; i < RUNS; i += 1) warm.push(await cpu(run));
  const least = warm.reduce((a, b) => (b.ms < a.ms ? b : a));
  const mb = (of: number): string => `${(of / 1e6).toFixed(1)} MB`;
  const weights = segments.reduce((sum, { diagonalBytes }) => sum + diagonalBytes, 0);
  const sent = segments.reduce((sum, { inputBytes }) => sum + inputBytes, 0);
  const { encodeMs, encryptMs, evaluateMs, decryptMs, roundMs } = least.result.timings;
  process.stdout.write(
    [
      `${basename(model)}: keys ${mb(keyBytes)}, weights ${mb(weights)}, sent ${mb(sent)}, load ${loadavg()[0].toFixed(1)}`,
      `  typical: evaluate ${report.price.evaluateMs.toFixed(1)}, keys ${report.price.keysMs.toFixed(0)}, request ${report.price.requestMs.toFixed(1)}, response ${report.price.responseMs.toFixed(1)} ms`,
      `  keys made and sent ${keys.ms.toFixed(0)} ms of CPU (${keys.wall.toFixed(0)} ms)`,
      `  first run beyond a warm one ${(first.ms - least.ms).toFixed(0)} ms of CPU (${(first.wall - least.wall).toFixed(0)} ms)`,
      `  warm run ${least.ms.toFixed(0)} ms of CPU (${least.wall.toFixed(0)} ms): encrypt ${(encodeMs + encryptMs).toFixed(1)}, evaluate ${evaluateMs.toFixed(1)} (predicted ${report.predictedMs.toFixed(1)}), rounds ${roundMs.toFixed(1)}, decrypt ${decryptMs.toFixed(1)}`,
      '',
    ].join('\n'),
  );
} finally {
  session.close();
}

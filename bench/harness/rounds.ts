// The harness' network with its ReLUs at the client, in rounds: `node bench/harness/rounds.ts [--runs N]`.
// The harness' stages go to the server once, so this runs in one program; times are the least of N.
import { existsSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { planModel, samplesOf } from '../../src/app/network/model-plan.ts';
import { runModel } from '../../src/app/network/run-model.ts';
import { Session } from '../../src/app/session/session.ts';
import { readNpy } from '../../src/import/numpy.ts';
import { nodeWorkers } from '../../workers/platform/node.ts';
import { labelOf } from './client.ts';
import { normalised, PIXELS } from './folders.ts';
import { networkOf } from './submission.ts';

const MODELS = new URL('../../public/models/', import.meta.url);
const DATA = new URL('../../../shared/data/mnist/images_28x28.npy', import.meta.url);

/** The pictures of a .npy file, one after the other. */
function picturesOf(file: URL): Float32Array[] {
  const { data } = readNpy(readFileSync(file));
  return Array.from({ length: data.length / PIXELS }, (_, i) => data.slice(i * PIXELS, (i + 1) * PIXELS));
}

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' } } });
if (!existsSync(DATA)) throw new Error('The digits of ../shared/data/mnist are not here.');
const pictures = picturesOf(DATA).map(normalised);
const graph = networkOf('relu');
const bytes = new Uint8Array(readFileSync(new URL('digits-relu.onnx', MODELS)));
const model = { file: { name: 'digits-relu.onnx', bytes, inputShape: graph.input.shape }, graph };
const calibration = samplesOf(graph, picturesOf(new URL('digits-relu-samples.npy', MODELS)));
const session = new Session({ workers: nodeWorkers(1), advice: 'Try fewer pictures.' });
try {
  const options = { backend: 'simd', batch: 1, clientOps: true, calibration } as const;
  const planned = await planModel(session, model, options);
  let same = 0;
  const times: number[] = [];
  const whole: number[] = [];
  let last: Awaited<ReturnType<typeof runModel>> | undefined;
  for (const picture of pictures.slice(0, Number(values.runs))) {
    last = await runModel(session, { ...options, model, planned, inputs: [picture] });
    times.push(last.timings.evaluateMs);
    whole.push(last.timings.totalMs);
    const [given, float] = [last.outputs[0], last.clearOutputs[0]].map((outputs) =>
      Float32Array.from(outputs),
    );
    same += labelOf(given) === labelOf(float) ? 1 : 0;
  }
  const { keyBytes, rounds, roundBytes } = planned.explanation;
  process.stdout.write(
    `client rounds: ${rounds}, keys ${(keyBytes / 1e6).toFixed(2)} MB, request ${((last?.bytes.request ?? 0) / 1e6).toFixed(2)} MB, rounds ${(roundBytes / 1e6).toFixed(2)} MB; ` +
      `evaluate ${Math.min(...times).toFixed(1)} ms least of ${times.length}, whole run ${Math.min(...whole).toFixed(1)} ms; ${same} of ${times.length} labels as the float network (load ${loadavg()[0].toFixed(1)})\n`,
  );
} finally {
  session.close();
}

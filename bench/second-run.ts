// `node bench/second-run.ts`: what a run of a network that has run before takes besides its own evaluation.
import '../src/base/dispose-symbols.ts';
import { planModel } from '../src/app/network/model-plan.ts';
import { runModel } from '../src/app/network/run-model.ts';
import { Session } from '../src/app/session/session.ts';
import { inputsFor, readInputFile, readModelFile } from '../src/import/model-file.ts';
import { loadModel } from '../workers/platform/node-local-service.ts';
import { nodeWorkers } from '../workers/platform/node.ts';

/** Runs that are measured, after one that makes keys and plans. */
const RUNS = 15;

const file = { name: 'digits.onnx', bytes: await loadModel('models/digits.onnx') };
const graph = readModelFile(file.bytes, file);
const samples = readInputFile('digits-input.npy', await loadModel('models/digits-input.npy'));
const all = inputsFor(graph.input.shape, samples);
const model = { file, graph };

console.log('inputs   evaluation   whole run   besides');
for (const count of [1, all.length]) {
  const session = new Session({ workers: nodeWorkers(1), advice: 'Try again.' });
  try {
    const inputs = all.slice(0, count);
    const options = { backend: 'simd', batch: count } as const;
    const planned = await planModel(session, model, options);
    const request = { ...options, model, planned, inputs };
    await runModel(session, request);
    let best = { evaluateMs: Infinity, totalMs: Infinity };
    for (let i = 0; i < RUNS; i += 1) {
      const started = performance.now();
      const { timings } = await runModel(session, request);
      const totalMs = performance.now() - started;
      // Of the run that took least: a busy machine adds to the others.
      if (totalMs < best.totalMs) best = { evaluateMs: timings.evaluateMs, totalMs };
    }
    const { evaluateMs, totalMs } = best;
    const share = (100 * (totalMs - evaluateMs)) / evaluateMs;
    const row = [
      String(count).padStart(6),
      `${evaluateMs.toFixed(1)} ms`.padStart(12),
      `${totalMs.toFixed(1)} ms`.padStart(11),
    ];
    console.log(`${row.join(' ')} ${`${share.toFixed(0)} %`.padStart(9)}`);
  } finally {
    session.close();
  }
}

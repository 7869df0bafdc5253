// `sealed-qr model plan` and `sealed-qr model run`: other people's networks, encrypted and headless.
import { planModel, reportPlan } from '../src/app/network/model-plan.ts';
import { type ModelRunReport, runModel } from '../src/app/network/run-model.ts';
import { writeJsonTensor } from '../src/import/json-image.ts';
import { writeNpy } from '../src/import/numpy.ts';
import { unknownName } from './arguments.ts';
import { Session } from '../src/app/session/session.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
import { writeOutput } from './files.ts';
import { readModelArguments } from './model-arguments.ts';
import { planTable, runTable } from './model-table.ts';
import { UsageError } from './usage.ts';

/** What to do when a network takes too long. */
const NETWORK_ADVICE = 'Try a smaller network, fewer of its layers, or fewer inputs at once.';

/** Runs the command. @throws UsageError, SealedError */
export async function runModelCommand([name, ...args]: readonly string[]): Promise<void> {
  if (name !== 'plan' && name !== 'run') {
    throw name === undefined
      ? new UsageError('Say "model plan" or "model run".')
      : unknownName('command', `model ${name}`, ['model plan', 'model run']);
  }
  const { request, workers, json, print, save } = await readModelArguments(args, name);
  const session = new Session({ workers: nodeWorkers(workers), advice: NETWORK_ADVICE });
  try {
    if (name === 'plan') {
      const {
        model,
        inputs,
        layersReport: _,
        warm: __,
        freshKeys: ___,
        allowedError: ____,
        delayMs,
        ...options
      } = request;
      const planned = await planModel(session, model, options);
      if (print) {
        process.stdout.write(planned.explanation.segments.map(({ plan }) => plan).join('\n'));
        return;
      }
      const count = Math.max(1, inputs.length, options.batch ?? 1);
      const report = await reportPlan(session, planned, count, options.backend, {}, delayMs);
      process.stdout.write(json ? `${JSON.stringify(report)}\n` : planTable(report));
      return;
    }
    const report = await runModel(session, request);
    if (save) await writeOutput(save, contentsOf(save.path, report));
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : runTable(report));
  } finally {
    session.close();
  }
}

/** The decrypted outputs as a file: one entry of the first axis for each input. */
function contentsOf(path: string, { outputs, outputShape }: ModelRunReport): Uint8Array | string {
  const tensor = {
    shape: [outputs.length, ...outputShape],
    data: Float32Array.from(outputs.flat()),
  };
  return /\.npy$/i.test(path) ? writeNpy(tensor) : `${writeJsonTensor(tensor)}\n`;
}

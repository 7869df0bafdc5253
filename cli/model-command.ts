// `sealed-qr model plan` and `sealed-qr model run`: other people's networks, encrypted and headless.
import { planModel, reportPlan } from '../src/app/network/model-plan.ts';
import { runModel } from '../src/app/network/run-model.ts';
import { unknownName } from './arguments.ts';
import { Session } from '../src/app/session/session.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
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
  const { request, workers, json, print } = await readModelArguments(args, name);
  const session = new Session({ workers: nodeWorkers(workers), advice: NETWORK_ADVICE });
  try {
    if (name === 'plan') {
      const { model, inputs, layersReport: _, warm: __, freshKeys: ___, allowedError: ____, ...options } = request;
      const planned = await planModel(session, model, options);
      if (print) {
        process.stdout.write(planned.explanation.segments.map(({ plan }) => plan).join('\n'));
        return;
      }
      const count = Math.max(1, inputs.length, options.batch ?? 1);
      const report = await reportPlan(session, planned, count, options.backend);
      process.stdout.write(json ? `${JSON.stringify(report)}\n` : planTable(report));
      return;
    }
    const report = await runModel(session, request);
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : runTable(report));
  } finally {
    session.close();
  }
}

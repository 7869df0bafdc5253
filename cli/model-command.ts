// `sealed-qr model plan` and `sealed-qr model run`: other people's networks, encrypted and headless.
import { NetworkSession } from '../src/app/network-session.ts';
import { compileModel, reportPlan } from '../src/app/plan-model.ts';
import { runModel } from '../src/app/run-model.ts';
import { unknownName } from './arguments.ts';
import { readModelArguments } from './model-arguments.ts';
import { planTable, runTable } from './model-table.ts';
import { nodeWorkers } from './node-workers.ts';
import { UsageError } from './usage.ts';

/** Runs the command. @throws UsageError, SealedError */
export async function runModelCommand([name, ...args]: readonly string[]): Promise<void> {
  if (name !== 'plan' && name !== 'run') {
    throw name === undefined
      ? new UsageError('Say "model plan" or "model run".')
      : unknownName('command', `model ${name}`, ['model plan', 'model run']);
  }
  const { request, workers, json } = await readModelArguments(args, name);
  const session = new NetworkSession(nodeWorkers(), workers);
  try {
    if (name === 'plan') {
      const { graph, inputs, layersReport: _, warm: __, ...options } = request;
      const planned = compileModel(graph, options);
      const count = Math.max(1, inputs.length, options.batch ?? 1);
      const report = await reportPlan(planned, count, options.backend, session);
      process.stdout.write(json ? `${JSON.stringify(report)}\n` : planTable(report));
      return;
    }
    const report = await runModel(session, request);
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : runTable(report));
  } finally {
    session.close();
  }
}

// `sealed-qr model plan` and `sealed-qr model run`: other people's networks, encrypted and headless.
import { NetworkSession } from '../src/app/session/network-session.ts';
import { compileModel, reportPlan } from '../src/app/network/plan-model.ts';
import { runModel } from '../src/app/network/run-model.ts';
import { unknownName } from './arguments.ts';
import { printPlan } from '../src/plan/print.ts';
import { readModelArguments } from './model-arguments.ts';
import { planTable, runTable } from './model-table.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
import { UsageError } from './usage.ts';

/** Runs the command. @throws UsageError, SealedError */
export async function runModelCommand([name, ...args]: readonly string[]): Promise<void> {
  if (name !== 'plan' && name !== 'run') {
    throw name === undefined
      ? new UsageError('Say "model plan" or "model run".')
      : unknownName('command', `model ${name}`, ['model plan', 'model run']);
  }
  const { request, workers, json, print } = await readModelArguments(args, name);
  const session = new NetworkSession(nodeWorkers(), workers);
  try {
    if (name === 'plan') {
      const { graph, inputs, layersReport: _, warm: __, ...options } = request;
      const planned = compileModel(graph, options);
      if (print) {
        process.stdout.write(planned.network.segments.map(({ plan }) => printPlan(plan)).join('\n'));
        return;
      }
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

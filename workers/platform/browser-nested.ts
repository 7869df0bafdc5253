// Starts the workers of a service from inside its own worker, in a browser.
import type { WorkerHandle } from '../../src/base/worker-handle.ts';
import type { EvaluatorRole } from '../../src/protocol/evaluator.ts';
import type { SimulatorRole } from '../../src/protocol/simulator.ts';
import type { CompilerRole } from '../../src/service/compiler-role.ts';
import type { WorkerSetup } from '../endpoint.ts';
import { connect } from '../pool.ts';
import { started } from './browser-worker.ts';

/** Starts an evaluator with the addresses of its WebAssembly files. */
export function startEvaluator(setup: WorkerSetup): WorkerHandle<EvaluatorRole> {
  const worker = new Worker(new URL('../evaluator.ts', import.meta.url), {
    type: 'module',
    name: 'evaluator',
  });
  return connect(started(worker), setup);
}

/** Starts a compiler. */
export function startCompiler(): WorkerHandle<CompilerRole> {
  return connect(
    started(new Worker(new URL('../compiler.ts', import.meta.url), { type: 'module', name: 'compiler' })),
    {},
  );
}

/** Starts a simulator. */
export function startSimulator(): WorkerHandle<SimulatorRole> {
  return connect(
    started(new Worker(new URL('../simulator.ts', import.meta.url), { type: 'module', name: 'simulator' })),
    {},
  );
}

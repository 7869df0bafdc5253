// The service in a browser's worker, with evaluators, compiler and simulator as workers of its own.
import '../src/base/dispose-symbols.ts';
import { fetchBytes } from '../src/base/load-file.ts';
import { createService } from '../src/service/service.ts';
import { serve, type WorkerSetup } from './endpoint.ts';
import { BACKEND_HASHES } from './platform/backend-hashes.ts';
import { start } from './platform/browser-worker.ts';
import { connect } from './pool.ts';

/** @throws TypeError where the page has not said where a file is */
function address(setup: WorkerSetup, name: string): string {
  const url = setup[name];
  if (typeof url !== 'string') throw new TypeError(`The set-up lacks "${name}".`);
  return url;
}

// Besides its own files it is told the address of each model that ships with it, under the model's path.
serve((setup) => {
  const { seal, kernel, evaluators } = setup;
  return createService({
    loadModel: async (path) => fetchBytes(address(setup, path), 'The network of a style'),
    evaluators: Number(evaluators),
    kernels: BACKEND_HASHES,
    startEvaluator: () => connect(start(address(setup, 'evaluatorScript'), 'evaluator'), { seal, kernel }),
    startCompiler: () => connect(start(address(setup, 'compilerScript'), 'compiler'), {}),
    startSimulator: () => connect(start(address(setup, 'simulatorScript'), 'simulator'), {}),
  });
});

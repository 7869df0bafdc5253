// The service in a thread of Node, with evaluators, compiler and simulator as threads of its own.
import '../../src/base/dispose-symbols.ts';
import { readFile } from 'node:fs/promises';
import { createService } from '../../src/service/service.ts';
import { serve } from '../endpoint.ts';
import { connect } from '../pool.ts';
import { BACKEND_HASHES } from './backend-hashes.ts';
import { startThread } from './node-thread.ts';

serve(({ seal, kernel, site, evaluators }) =>
  createService({
    loadModel: async (path) => new Uint8Array(await readFile(new URL(path, site as string))),
    evaluators: Number(evaluators),
    kernels: BACKEND_HASHES,
    startEvaluator: () => connect(startThread('evaluator'), { seal, kernel }),
    startCompiler: () => connect(startThread('compiler'), {}),
    startSimulator: () => connect(startThread('simulator'), {}),
  }),
);

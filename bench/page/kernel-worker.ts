// Runs the benchmark of the kernel in a worker of its own: it keeps a thread busy for minutes.
import '../../src/base/dispose-symbols.ts';
import { asSealedError } from '../../src/base/errors.ts';
import { compileWasm, fetchBytes } from '../../src/base/load-file.ts';
import { loadSeal } from '../../src/seal/load.ts';
import { runKernelBench } from '../kernel-bench.ts';
import type { Case } from '../measure.ts';
import type { KernelBenchEvent, KernelBenchRequest } from './kernel-messages.ts';

const say = (event: KernelBenchEvent): void => postMessage(event);

async function run({ parts, pairs, seal, kernel, base }: KernelBenchRequest): Promise<void> {
  const loadModel = (path: string): Promise<Uint8Array> => fetchBytes(new URL(path, base), 'A network');
  const environment = {
    seal: await loadSeal(seal),
    kernel: await compileWasm(kernel, 'The SIMD kernel'),
    loadModel,
  };
  const onCase = (result: Case): void => say({ kind: 'case', result });
  const report = await runKernelBench(environment, { parts, pairs, onCase });
  say({ kind: 'done', report });
}

addEventListener('message', ({ data }: MessageEvent<KernelBenchRequest>) => {
  run(data).catch((error: unknown) => say({ kind: 'failed', message: asSealedError(error).message }));
});

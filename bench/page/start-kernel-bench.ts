// Starts the worker that runs the kernel's benchmark.
import sealWasm from '../../node_modules/node-seal/dist/seal_throws.wasm?url';
import kernelWasm from '../../wasm/build/kernel.wasm?url';
import { trustedScript } from '../../workers/platform/trusted-script.ts';
import type { BenchPart } from '../kernel-bench.ts';
import script from './kernel-worker.ts?worker&url';
import type { KernelBenchEvent, KernelBenchRequest } from './kernel-messages.ts';

const absolute = (url: string): string => new URL(url, document.baseURI).href;

/** Runs `parts` in a new worker. @returns what ends it */
export function startKernelBench(
  parts: readonly BenchPart[],
  pairs: number,
  onEvent: (event: KernelBenchEvent) => void,
): () => void {
  const worker = new Worker(trustedScript(absolute(script)), { type: 'module', name: 'bench' });
  worker.addEventListener('message', ({ data }: MessageEvent<KernelBenchEvent>) => onEvent(data));
  worker.addEventListener('error', (event) =>
    onEvent({ kind: 'failed', message: event.message || 'The worker could not be loaded.' }),
  );
  worker.postMessage({
    // A plain array: a form's own may be a proxy, which cannot be sent.
    parts: [...parts],
    pairs,
    seal: absolute(sealWasm),
    kernel: absolute(kernelWasm),
    base: document.baseURI,
  } satisfies KernelBenchRequest);
  return () => worker.terminate();
}

// Starts the page's workers in a browser, each with the addresses of its WebAssembly files.
import zbarWasm from '../../node_modules/@undecaf/zbar-wasm/dist/zbar.wasm?url';
import sealWasm from '../../node_modules/node-seal/dist/seal_throws.wasm?url';
import zxingWasm from '../../node_modules/zxing-wasm/dist/reader/zxing_reader.wasm?url';
import type { SessionWorkers } from '../../src/app/session/workers.ts';
import kernelWasm from '../../wasm/build/kernel.wasm?url';
import { connect } from '../pool.ts';
import { started } from './browser-worker.ts';

const absolute = (url: string): string => new URL(url, location.href).href;

/** More than four evaluators gain little: the ciphertexts of one code are few. */
function evaluatorCount(): number {
  return Math.min(4, Math.max(1, navigator.hardwareConcurrency));
}

/** The page's workers. */
export const browserWorkers: SessionWorkers = {
  client: () =>
    connect(
      started(new Worker(new URL('../client.ts', import.meta.url), { type: 'module', name: 'client' })),
      { seal: absolute(sealWasm) },
    ),
  service: () =>
    connect(
      started(new Worker(new URL('../service.ts', import.meta.url), { type: 'module', name: 'service' })),
      {
        seal: absolute(sealWasm),
        kernel: absolute(kernelWasm),
        site: document.baseURI,
        evaluators: String(evaluatorCount()),
      },
    ),
  scan: () =>
    connect(started(new Worker(new URL('../scan.ts', import.meta.url), { type: 'module', name: 'scan' })), {
      zxing: absolute(zxingWasm),
      zbar: absolute(zbarWasm),
    }),
};

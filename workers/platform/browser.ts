// Starts the page's workers in a browser, each with the addresses of its WebAssembly files.
import zbarWasm from '../../node_modules/@undecaf/zbar-wasm/dist/zbar.wasm?url';
import sealWasm from '../../node_modules/node-seal/dist/seal_throws.wasm?url';
import zxingWasm from '../../node_modules/zxing-wasm/dist/reader/zxing_reader.wasm?url';
import type { SessionWorkers } from '../../src/app/session/workers.ts';
import kernelWasm from '../../wasm/build/kernel.wasm?url';
import clientScript from '../client.ts?worker&url';
import compilerScript from '../compiler.ts?worker&url';
import evaluatorScript from '../evaluator.ts?worker&url';
import { connect } from '../pool.ts';
import scanScript from '../scan.ts?worker&url';
import serviceScript from '../service.ts?worker&url';
import simulatorScript from '../simulator.ts?worker&url';
import { start } from './browser-worker.ts';

// A worker that is started from memory has no address that others could be relative to.
const absolute = (url: string): string => new URL(url, location.href).href;

/** More than four evaluators gain little: the ciphertexts of one code are few. */
function evaluatorCount(): number {
  return Math.min(4, Math.max(1, navigator.hardwareConcurrency));
}

/** The page's workers. */
export const browserWorkers: SessionWorkers = {
  client: () => connect(start(absolute(clientScript), 'client'), { seal: absolute(sealWasm) }),
  service: () =>
    connect(start(absolute(serviceScript), 'service'), {
      seal: absolute(sealWasm),
      kernel: absolute(kernelWasm),
      site: document.baseURI,
      evaluators: String(evaluatorCount()),
      evaluatorScript: absolute(evaluatorScript),
      compilerScript: absolute(compilerScript),
      simulatorScript: absolute(simulatorScript),
    }),
  scan: () =>
    connect(start(absolute(scanScript), 'scan'), { zxing: absolute(zxingWasm), zbar: absolute(zbarWasm) }),
};

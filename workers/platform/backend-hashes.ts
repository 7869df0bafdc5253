// What the service computes with, by hash: said in every answer, and by who audits it held against files.
import manifest from '../../wasm/manifest.json' with { type: 'json' };
import { defined } from '../../src/base/assert.ts';
import { SEAL_WASM_SHA256 } from '../../src/seal/wasm-hash.ts';

const kernel = manifest.find(({ file }) => file === 'build/kernel.wasm');

/** SHA-256 of the WebAssembly of each backend. */
export const BACKEND_HASHES = {
  simd: defined(kernel, 'the manifest names the kernel').sha256,
  seal: SEAL_WASM_SHA256,
};

// Compiles the SIMD kernel once per thread.
import { compileWasm, hasSimd } from '../../../base/load-file.ts';
import type { WasmSource } from '../../../seal/load.ts';

let compiling: Promise<WebAssembly.Module> | undefined;

/**
 * The compiled kernel, or undefined where no file is given or this engine lacks WebAssembly SIMD: the seal backend takes
 * over there. A kernel that cannot be had is a fault: SEAL in its place would be twenty times slower, and nobody told.
 *
 * @throws SealedError `load-failed`
 */
export function loadKernel(source: WasmSource): Promise<WebAssembly.Module | undefined> {
  if (source === undefined || !hasSimd()) return Promise.resolve(undefined);
  compiling ??= compileWasm(source, 'The SIMD kernel').catch((error: unknown) => {
    compiling = undefined;
    throw error;
  });
  return compiling;
}

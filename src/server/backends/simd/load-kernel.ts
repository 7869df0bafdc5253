// Compiles the SIMD kernel once per thread.
import type { WasmSource } from '../../../seal/load.ts';

let compiling: Promise<WebAssembly.Module | undefined> | undefined;

async function compile(source: NonNullable<WasmSource>): Promise<WebAssembly.Module | undefined> {
  try {
    if (typeof source !== 'string') return await WebAssembly.compile(source);
    return await WebAssembly.compileStreaming(fetch(source));
  } catch (error) {
    // Without SIMD the module does not validate, and the seal backend takes over; anything else is a fault.
    if (error instanceof WebAssembly.CompileError) return undefined;
    throw error;
  }
}

/** The compiled kernel, or undefined where no file is given or this engine lacks WebAssembly SIMD. */
export function loadKernel(source: WasmSource): Promise<WebAssembly.Module | undefined> {
  if (source === undefined) return Promise.resolve(undefined);
  compiling ??= compile(source).catch((error: unknown) => {
    compiling = undefined;
    throw error;
  });
  return compiling;
}

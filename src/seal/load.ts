// Loads Microsoft SEAL (node-seal) once per thread.
import SEAL, { type MainModule } from 'node-seal';
import { startWasm } from '../base/load-file.ts';

export type { MainModule as SealModule } from 'node-seal';

/** Where the WebAssembly file is: an address (browser), its bytes, or beside the package (Node, the default). */
export type WasmSource = string | Uint8Array<ArrayBuffer> | undefined;

let loading: Promise<MainModule> | undefined;
let memory: WebAssembly.Memory | undefined;

/** Node-seal does not export its memory, so it is taken from the instance. */
function keepMemory({ exports }: WebAssembly.Instance): void {
  memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
}

/**
 * The SEAL module of this thread; later calls return the first one that started.
 * @throws SealedError `load-failed`, with a text that says why
 */
export function loadSeal(source?: WasmSource): Promise<MainModule> {
  loading ??= startWasm(
    source,
    'The encryption library Microsoft SEAL',
    (wasm) => SEAL(wasm),
    keepMemory,
  ).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** Bytes of SEAL's WebAssembly memory in this thread, which never shrinks; 0 where its source was not given. */
export function sealMemoryBytes(): number {
  return memory?.buffer.byteLength ?? 0;
}

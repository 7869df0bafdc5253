// Loads Microsoft SEAL (node-seal) once per thread.
import SEAL, { type MainModule } from 'node-seal';
import { SealedError } from '../base/errors.ts';

export type { MainModule as SealModule } from 'node-seal';

/** Where the WebAssembly file is: an address (browser), its bytes, or beside the package (Node, the default). */
export type WasmSource = string | Uint8Array<ArrayBuffer> | undefined;

let loading: Promise<MainModule> | undefined;
let memory: WebAssembly.Memory | undefined;

type Receive = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void;

/** Instantiates the module itself so that its memory can be measured: node-seal does not export it. */
async function instantiate(
  source: string | Uint8Array<ArrayBuffer>,
  imports: WebAssembly.Imports,
  receive: Receive,
): Promise<void> {
  const { instance, module } =
    typeof source === 'string'
      ? await WebAssembly.instantiateStreaming(fetch(source), imports)
      : await WebAssembly.instantiate(source, imports);
  memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
  receive(instance, module);
}

function start(source: WasmSource): Promise<MainModule> {
  if (source === undefined) return SEAL();
  return new Promise((resolve, reject) => {
    const instantiateWasm = (imports: WebAssembly.Imports, receive: Receive): object => {
      instantiate(source, imports, receive).catch(reject);
      return {};
    };
    SEAL({ instantiateWasm }).then(resolve, reject);
  });
}

/**
 * The SEAL module of this thread; later calls return the first one.
 * @throws SealedError `load-failed` where WebAssembly is missing or too old
 */
export function loadSeal(source?: WasmSource): Promise<MainModule> {
  loading ??= start(source).catch((cause: unknown) => {
    loading = undefined;
    throw new SealedError(
      'load-failed',
      'Microsoft SEAL did not start. It needs WebAssembly with exception references: a browser of 2025 or later, ' +
        'or Node 22.',
      { stage: 'worker', cause },
    );
  });
  return loading;
}

/** Bytes of SEAL's WebAssembly memory in this thread, which never shrinks; 0 where its source was not given. */
export function sealMemoryBytes(): number {
  return memory?.buffer.byteLength ?? 0;
}

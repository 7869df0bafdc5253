// Fetches files and starts WebAssembly, and says in words what could not be loaded and why.
import { SealedError } from './errors.ts';

/** Where a file is: an address that `fetch` can reach, or its bytes. */
export type FileSource = string | URL | ArrayBuffer | Uint8Array<ArrayBuffer>;

/** Why a file could not be loaded, as `detail.reason` of the error. */
export type LoadFailureReason =
  'offline' | 'unreachable' | 'refused' | 'damaged' | 'unsupported' | 'not-started';

/** A module whose one function has a `try_table` block: WebAssembly with exception references. */
const EXCEPTION_REFERENCES = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, 31, 64, 0, 11, 11],
);

/** A module whose one function returns `i8x16.splat` of 0, and counts its bits: WebAssembly SIMD. */
const SIMD = Uint8Array.of(
  ...[
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98,
    11,
  ],
);

function validates(module: Uint8Array<ArrayBuffer>): boolean {
  // Some browsers can be told to have no WebAssembly at all.
  return typeof WebAssembly !== 'undefined' && WebAssembly.validate(module);
}

/** Whether this engine has WebAssembly SIMD. */
export function hasSimd(): boolean {
  return validates(SIMD);
}

/** The last part of an address: `kernel-1a2b3c.wasm`. */
function fileName(source: FileSource | undefined): string | undefined {
  if (typeof source !== 'string' && !(source instanceof URL)) return undefined;
  return String(source).split(/[?#]/)[0].split('/').at(-1);
}

function failure(
  what: string,
  source: FileSource | undefined,
  reason: LoadFailureReason,
  text: string,
  cause: unknown,
): SealedError {
  const file = fileName(source);
  return new SealedError('load-failed', `${what}${file ? ` (${file})` : ''} ${text}`, {
    stage: 'worker',
    detail: { reason, ...(file && { file }) },
    cause,
  });
}

/** `fetch` has failed, or the answer broke off: browsers do not say why. */
function unreachable(what: string, source: FileSource, cause: unknown): SealedError {
  const isOffline = (globalThis.navigator as Navigator | undefined)?.onLine === false;
  return isOffline
    ? failure(
        what,
        source,
        'offline',
        'could not be loaded: this device is offline. Connect it, then retry.',
        cause,
      )
    : failure(
        what,
        source,
        'unreachable',
        'could not be loaded: no full answer came. The network, a firewall or a browser extension may block the file. ' +
          'Allow it, then retry.',
        cause,
      );
}

/**
 * The answer for the file at `source`, which is there.
 * @param what the file's purpose, as a sentence begins: `The SIMD kernel`
 * @throws SealedError `load-failed`
 */
async function fetchFile(source: string | URL, what: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(source);
  } catch (error) {
    throw unreachable(what, source, error);
  }
  if (response.ok) return response;
  const answer = `could not be loaded: the server answered with HTTP status ${response.status}. Retry later.`;
  throw failure(what, source, 'refused', answer, undefined);
}

async function readBody(response: Response, source: string | URL, what: string): Promise<ArrayBuffer> {
  try {
    return await response.arrayBuffer();
  } catch (error) {
    throw unreachable(what, source, error);
  }
}

/** The bytes of the file at `source`. @throws SealedError `load-failed`, see {@link compileWasm} */
export async function fetchBytes(source: string | URL, what: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readBody(await fetchFile(source, what), source, what));
}

/** @throws SealedError `load-failed` where the page cannot run at all, before anything is fetched in vain */
function requireWasm(what: string, source: FileSource | undefined): void {
  if (validates(EXCEPTION_REFERENCES)) return;
  const needs =
    'does not run here. It needs WebAssembly with exception references: a browser of 2025 or later, or Node 22.';
  throw failure(what, source, 'unsupported', needs, undefined);
}

/** What kept a module from starting, as an error for people. */
function startFailure(error: unknown, what: string, source: FileSource | undefined): SealedError {
  if (error instanceof SealedError) return error;
  if (error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError) {
    const damaged =
      'could not be loaded: what arrived is not the file as it was made. It may have been damaged on the way, ' +
      'or replaced, as by the login page of a network. Retry, or reload the page.';
    return failure(what, source, 'damaged', damaged, error);
  }
  const text = error instanceof Error ? error.message : String(error);
  return failure(
    what,
    source,
    'not-started',
    `did not start: ${text}. Close other pages, then retry.`,
    error,
  );
}

async function compile(source: FileSource, what: string): Promise<WebAssembly.Module> {
  if (typeof source !== 'string' && !(source instanceof URL)) return WebAssembly.compile(source);
  const response = await fetchFile(source, what);
  // Compiled as it arrives; browsers insist on this type for that, and some servers do not send it.
  if (response.headers.get('content-type') !== 'application/wasm') {
    return WebAssembly.compile(await readBody(response, source, what));
  }
  try {
    return await WebAssembly.compileStreaming(response);
  } catch (error) {
    // Anything else is a stream that has broken off.
    throw error instanceof WebAssembly.CompileError ? error : unreachable(what, source, error);
  }
}

/**
 * Compiles the WebAssembly module at `source`.
 * @param what the module's purpose, as a sentence begins: `The SIMD kernel`
 * @throws SealedError `load-failed`: the text says which file and why, `detail` has both as `file` and `reason`
 */
export async function compileWasm(source: FileSource, what: string): Promise<WebAssembly.Module> {
  requireWasm(what, source);
  try {
    return await compile(source, what);
  } catch (error) {
    throw startFailure(error, what, source);
  }
}

/** What Emscripten's loaders are told of a module that is compiled elsewhere. */
export interface WasmLoading {
  readonly instantiateWasm: InstantiateWasm;
  /** A loader would look beside its script; one that was started from memory has nothing beside it. */
  readonly locateFile: (name: string) => string;
}

/** Emscripten's hook for modules that are compiled elsewhere. */
type InstantiateWasm = (
  imports: WebAssembly.Imports,
  receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
) => object;

/**
 * Compiles the module at `source` and runs `start`, one of Emscripten's loaders, with it.
 * @param source undefined: the loader finds the file by itself, as in Node
 * @param onInstance hears of the instance before the loader does
 * @throws SealedError `load-failed`, as {@link compileWasm}
 */
export async function startWasm<T>(
  source: FileSource | undefined,
  what: string,
  start: (loading: WasmLoading | undefined) => Promise<T>,
  onInstance: (instance: WebAssembly.Instance) => void = () => undefined,
): Promise<T> {
  requireWasm(what, source);
  const module = source === undefined ? undefined : await compileWasm(source, what);
  try {
    return await new Promise<T>((resolve, reject) => {
      const instantiateWasm: InstantiateWasm | undefined =
        module &&
        ((imports, receive) => {
          const instantiated = WebAssembly.instantiate(module, imports).then((instance) => {
            onInstance(instance);
            receive(instance, module);
          });
          // The loader would wait for it for ever.
          instantiated.catch(reject);
          return {};
        });
      start(instantiateWasm && { instantiateWasm, locateFile: (name) => name }).then(resolve, reject);
    });
  } catch (error) {
    throw startFailure(error, what, source);
  }
}

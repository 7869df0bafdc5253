// The server role: a frozen object of closures around one session at a time. It never holds a secret key.
import { SealedError } from '../base/errors.ts';
import { checkParameters, type Parameters, sameParameters } from '../params/parameters.ts';
import { requireWordPrimes } from '../params/residues.ts';
import type { ServerBackendName, ServerRole } from '../protocol/contracts.ts';
import type { WasmSource } from '../seal/load.ts';
import { ServerSession } from './server-session.ts';
import { loadKernel } from './backends/simd/load-kernel.ts';
import { SimdBackend, simdTakes } from './backends/simd/simd-backend.ts';
import type { SimdCiphertext } from './backends/simd/simd-operations.ts';
import type { SealCiphertext } from './backends/seal/seal-backend.ts';

/** Where the backends' WebAssembly files are. */
export interface ServerSources {
  readonly seal?: WasmSource;
  readonly kernel?: WasmSource;
}

type AnySession = ServerSession<SimdCiphertext> | ServerSession<SealCiphertext>;

/** SEAL is loaded only when it is asked for: the simd backend does without. @throws SealedError `load-failed` */
async function loadSealBackend(source: WasmSource) {
  const code = Promise.all([import('./backends/seal/seal-backend.ts'), import('../seal/load.ts')]);
  const [{ SealBackend }, { loadSeal }] = await code.catch((cause: unknown) => {
    const message =
      'The code for Microsoft SEAL could not be loaded. The network may block it. Allow it, then retry.';
    throw new SealedError('load-failed', message, { stage: 'worker', cause });
  });
  return { SealBackend, seal: await loadSeal(source) };
}

async function openSeal(parameters: Parameters, source: WasmSource): Promise<ServerSession<SealCiphertext>> {
  const { SealBackend, seal } = await loadSealBackend(source);
  return new ServerSession(parameters, new SealBackend(seal, parameters));
}

/** A server role with the backends whose files `sources` names. */
export function createServerRole(sources: ServerSources = {}): ServerRole {
  let session: AnySession | undefined;
  let backend: ServerBackendName = 'seal';
  let wanted: ServerBackendName | undefined;

  const current = (): AnySession => {
    if (!session) throw new SealedError('wrong-state', 'The server role is not open.', { stage: 'server' });
    return session;
  };

  const close = (): void => {
    session?.[Symbol.dispose]();
    session = undefined;
  };

  const openSimd = async (parameters: Parameters): Promise<AnySession | undefined> => {
    if (!simdTakes(parameters)) return undefined;
    const kernel = await loadKernel(sources.kernel);
    return kernel && new ServerSession(parameters, await SimdBackend.create(kernel, parameters));
  };

  // Async so that errors become rejections whether or not a worker boundary lies between.
  const role: ServerRole = {
    warm: async () => {
      if (!(await loadKernel(sources.kernel))) await loadSealBackend(sources.seal);
    },

    open: async (literal, name) => {
      const isOpen = (): boolean =>
        session !== undefined && name === wanted && sameParameters(session.parameters, literal);
      if (isOpen()) return backend;
      close();
      const parameters = checkParameters(literal);
      requireWordPrimes(parameters);
      const fast = name === 'simd' ? await openSimd(parameters) : undefined;
      const opened = fast ?? (await openSeal(parameters, sources.seal));
      if (isOpen()) {
        // Another call has opened it meanwhile.
        opened[Symbol.dispose]();
        return backend;
      }
      close();
      session = opened;
      wanted = name;
      backend = fast ? 'simd' : 'seal';
      return backend;
    },

    addKeys: async (frame) => current().addKeys(frame),
    addPlan: async (planId, part) => current().addPlan(planId, part),
    hasPlan: async (planId) => session?.hasPlan(planId) ?? false,

    run: async (runId, planId, segment, frames, outputs) => {
      const start = performance.now();
      const results = await current().run(runId, planId, segment, frames, new Set(outputs));
      return { frames: results, busyMs: performance.now() - start };
    },

    progress: async (runId) => session?.progress(runId) ?? 0,
    end: async (runId) => session?.end(runId),
    measure: async () => current().measure(),
    memoryBytes: async () => session?.backend.memoryBytes() ?? 0,
    close: async () => close(),
  };
  return Object.freeze(Object.assign(Object.create(null) as object, role));
}

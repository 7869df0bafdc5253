// The evaluator: a frozen object of closures around contexts that lie side by side. It never holds a secret key.
import { SealedError } from '../base/errors.ts';
import { checkParameters, type Parameters, type ParametersLiteral } from '../params/parameters.ts';
import { requireWordPrimes } from '../params/residues.ts';
import type { EvaluatorRole } from '../protocol/evaluator.ts';
import type { ServerBackendName } from '../protocol/backends.ts';
import type { WasmSource } from '../seal/load.ts';
import { loadKernel } from './backends/simd/load-kernel.ts';
import { SimdBackend, simdTakes } from './backends/simd/simd-backend.ts';
import { EvaluationContext } from './evaluation-context.ts';

/** Where the backends' WebAssembly files are. */
export interface EvaluatorSources {
  readonly seal?: WasmSource;
  readonly kernel?: WasmSource;
}

type AnyContext = EvaluationContext<unknown>;

interface Opened {
  readonly context: AnyContext;
  readonly backend: ServerBackendName;
}

/** SEAL is loaded only when it is asked for: the simd backend does without. */
async function openSeal(parameters: Parameters, source: WasmSource): Promise<Opened> {
  const [{ SealBackend }, { loadSeal }] = await Promise.all([
    import('./backends/seal/seal-backend.ts'),
    import('../seal/load.ts'),
  ]);
  const backend = new SealBackend(await loadSeal(source), parameters);
  return { context: new EvaluationContext(parameters, backend), backend: 'seal' };
}

async function openSimd(parameters: Parameters, source: WasmSource): Promise<Opened | undefined> {
  if (!simdTakes(parameters)) return undefined;
  const kernel = await loadKernel(source);
  if (!kernel) return undefined;
  const backend = await SimdBackend.create(kernel, parameters);
  return { context: new EvaluationContext(parameters, backend), backend: 'simd' };
}

/** An evaluator with the backends whose files `sources` names. */
export function createEvaluator(sources: EvaluatorSources = {}): EvaluatorRole {
  const contexts = new Map<string, Promise<Opened>>();

  const open = async (literal: ParametersLiteral, name: ServerBackendName): Promise<Opened> => {
    const parameters = checkParameters(literal);
    requireWordPrimes(parameters);
    const fast = name === 'simd' ? await openSimd(parameters, sources.kernel) : undefined;
    return fast ?? (await openSeal(parameters, sources.seal));
  };

  const contextOf = async (name: string): Promise<AnyContext> => {
    const opened = await contexts.get(name);
    if (opened) return opened.context;
    throw new SealedError('wrong-state', 'The evaluator is not open for these parameters.', {
      stage: 'server',
    });
  };

  const all = async (): Promise<AnyContext[]> => {
    const settled = await Promise.allSettled(contexts.values());
    return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value.context] : []));
  };

  // Async so that errors become rejections whether or not a worker boundary lies between.
  const role: EvaluatorRole = {
    warm: async () => {
      if (await loadKernel(sources.kernel)) return;
      const { loadSeal } = await import('../seal/load.ts');
      await Promise.all([loadSeal(sources.seal), import('./backends/seal/seal-backend.ts')]);
    },

    open: async (name, literal, wanted) => {
      let opening = contexts.get(name);
      if (!opening) {
        opening = open(literal, wanted);
        contexts.set(name, opening);
        opening.catch(() => contexts.delete(name));
      }
      return (await opening).backend;
    },

    close: async (name) => {
      const opened = contexts.get(name);
      contexts.delete(name);
      await (await opened)?.context.close();
    },

    addPlan: async (name, planId, part, controls = {}) =>
      (await contextOf(name)).addPlan(planId, part, controls),
    dropPlan: async (planId) => {
      for (const context of await all()) context.dropPlan(planId);
    },
    addKeys: async (name, keySet, frame) => (await contextOf(name)).addKeys(keySet, frame),
    dropKeys: async (keySet) => {
      for (const context of await all()) context.dropKeys(keySet);
    },

    run: async (request, controls = {}) => {
      const context = (await all()).find((candidate) => candidate.hasPlan(request.planId));
      if (!context) {
        throw new SealedError('wrong-state', 'The evaluator does not have this plan.', { stage: 'server' });
      }
      const frames = await context.run(request, controls);
      return { frames };
    },

    progress: async (runId) => {
      for (const context of await all()) {
        const share = context.progress(runId);
        if (share !== undefined) return share;
      }
      return 0;
    },
    end: async (runId) => {
      for (const context of await all()) context.end(runId);
    },
    measure: async (name) => (await contextOf(name)).measure(),
    memoryBytes: async () => {
      const contextsNow = await all();
      return contextsNow.reduce((sum, { backend }) => sum + backend.memoryBytes(), 0);
    },
  };
  return Object.freeze(Object.assign(Object.create(null) as object, role));
}

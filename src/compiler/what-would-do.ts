// What a refused network would do with: options are tried, in the order of what they ask of a person, and none is guessed.
import { SealedError } from '../base/errors.ts';
import type { Graph } from '../model/graph.ts';
import type { PlanLimits } from '../plan/plan-limits.ts';
import type { NetworkOptions } from './general/compile-network.ts';
import { isClientOnly } from './general/places.ts';
import { PlanningWork } from './general/planning-work.ts';

/** The options that are tried: of CompileOptions, those that a person sets. */
export type TriedOptions = Pick<NetworkOptions, 'layers' | 'refresh' | 'clientOps' | 'tolerance' | 'work'> & {
  readonly limits?: PlanLimits;
};

/** Plans with these options; throws where they do not do either. */
export type Attempt = (options: TriedOptions) => unknown;

// A try that takes longer than some seconds is given up, and says nothing: a refusal is to come as fast as a plan.
const STEPS_A_TRY = 6e7;
const MOST_REFRESHES = 3;
// A WebAssembly memory has 4 GB.
const MOST_MEMORY = 4e9;
const TOLERANCES = [0.05, 0.1];

/** A change of options and how a person asks for it. */
interface Way {
  readonly words: string;
  readonly change: TriedOptions;
}

/**
 * `error` with what would do, where that was found by trying.
 * @param attempt plans the same network with other options
 */
export function withWhatWouldDo(
  error: unknown,
  graph: Graph,
  options: TriedOptions,
  attempt: Attempt,
): unknown {
  if (!(error instanceof SealedError) || !isAboutSize(error)) return error;
  const tries: PlanningWork[] = [];
  const found = waysFor(error, graph, options, (other) => {
    const work = new PlanningWork(STEPS_A_TRY);
    tries.push(work);
    return attempt({ ...other, work });
  });
  if (tries.length === 0) return error;
  const hint = hintOf(found, tries);
  const { code, stage, detail, message } = error;
  return new SealedError(code, `${message} ${hint}`, {
    ...(stage && { stage }),
    detail: { ...detail, ...(found.length > 0 && { wouldDo: found.map(({ words }) => words).join(', ') }) },
    cause: error,
  });
}

/** What the tries have shown, in words: one that was given up has shown nothing. */
function hintOf(found: readonly Way[], tries: readonly PlanningWork[]): string {
  if (found.length > 0) return `${found.map(({ words }) => words).join(' or ')} would do.`;
  return tries.some(({ isSpent }) => isSpent)
    ? 'Whether other options do takes longer to find out than a refusal may.'
    : 'None of the options that were tried does.';
}

/** Whether other options of the same network may help. What a limit says of itself has been tried already. */
function isAboutSize({ code, stage, detail }: SealedError): boolean {
  const isRefusal = code === 'does-not-fit' || code === 'unsupported-layer';
  return isRefusal && stage === 'compile' && detail['limits'] !== true;
}

function waysFor(error: SealedError, graph: Graph, options: TriedOptions, attempt: Attempt): Way[] {
  const doesDo = ({ change }: Way): boolean => failureOf(change, options, attempt) === undefined;
  const found: Way[] = [];
  const memory = memoryWay(error, options);
  if (memory && doesDo(memory)) found.push(memory);
  const client: Way = { words: '--client-ops', change: { clientOps: true } };
  if (options.clientOps !== true && hasClientLayers(graph) && doesDo(client)) found.push(client);
  if (error.code === 'unsupported-layer' || found.length > 0) return found;
  const fits = toleranceWays(graph, options).find(doesDo);
  if (fits) return [fits];
  const refreshed = refreshWay(error, graph, options, attempt);
  return refreshed ? [refreshed] : [];
}

/** What planning with a change of options fails with; undefined where it does not. */
function failureOf(change: TriedOptions, options: TriedOptions, attempt: Attempt): SealedError | undefined {
  try {
    attempt({ ...options, ...change });
    return undefined;
  } catch (failure) {
    if (failure instanceof SealedError) return failure;
    throw failure;
  }
}

/** Whether the client could compute a layer that the server would have to. */
function hasClientLayers({ nodes }: Graph): boolean {
  return nodes.some((node) => isClientOnly(node) || node.op === 'activation');
}

function memoryWay({ detail }: SealedError, { limits }: TriedOptions): Way | undefined {
  const { needed, budget } = detail;
  if (budget !== 'memory' || typeof needed !== 'number' || needed > MOST_MEMORY) return undefined;
  const megabytes = Math.ceil(needed / 1e6);
  return {
    words: `--max-memory ${megabytes}MB`,
    change: { limits: { ...limits, memoryBytes: megabytes * 1e6 } },
  };
}

/** Fits of lower degree take fewer levels. */
function toleranceWays({ nodes }: Graph, { tolerance = 0.02, clientOps }: TriedOptions): Way[] {
  if (clientOps === true || !nodes.some(({ op }) => op === 'activation')) return [];
  return TOLERANCES.filter((wider) => wider > tolerance).map((wider) => ({
    words: `--tolerance ${wider}`,
    change: { tolerance: wider },
  }));
}

/**
 * Refreshes: each before the layer at which what was tried last fails, or, where none is named or nothing comes before it,
 * such that they cut the network into equal parts.
 */
function refreshWay(
  error: SealedError,
  graph: Graph,
  options: TriedOptions,
  attempt: Attempt,
): Way | undefined {
  if (options.refresh?.length) return undefined;
  const way = (refresh: readonly number[]): Way => ({
    words: `--refresh ${refresh.join(',')}`,
    change: { refresh },
  });
  const named: number[] = [];
  let failure: SealedError | undefined = error;
  while (failure && named.length < MOST_REFRESHES) {
    const before = layerBefore(graph, failure.detail['layer']);
    if (before === undefined || named.includes(before)) break;
    named.push(before);
    failure = failureOf({ refresh: named }, options, attempt);
  }
  if (!failure) return way(named);
  const marks = graph.layers ?? [];
  for (let cuts = 1; cuts <= Math.min(MOST_REFRESHES, marks.length - 1); cuts += 1) {
    const equal = Array.from(
      { length: cuts },
      (_, i) => marks[Math.floor(((i + 1) * marks.length) / (cuts + 1)) - 1].index,
    );
    if (!failureOf({ refresh: equal }, options, attempt)) return way(equal);
  }
  return undefined;
}

/** The file's layer that ends last before the first of the values named, by its number. */
function layerBefore({ nodes, layers }: Graph, named: unknown): number | undefined {
  if (typeof named !== 'string') return undefined;
  const names = named.split(', ');
  const position = new Map(nodes.map(({ id }, at) => [id, at]));
  const places = names.flatMap((name) => position.get(name) ?? []);
  if (places.length === 0) return undefined;
  const first = Math.min(...places);
  return layers?.findLast(({ output }) => (position.get(output) ?? -1) < first && position.has(output))
    ?.index;
}

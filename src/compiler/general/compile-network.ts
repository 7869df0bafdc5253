// The door to the general compiler: any small network → segments with plans and cards, and what they will cost.
import type { Graph, Tensor, ValueId } from '../../model/graph.ts';
import { checkGraph } from '../../model/check-graph.ts';
import { selectLayers } from '../../model/layer-range.ts';
import { SealedError } from '../../base/errors.ts';
import { elementCount } from '../../model/graph.ts';
import { type Parameters, sameParameters } from '../../params/parameters.ts';
import { type CostTable, predictMs } from '../../plan/counts.ts';
import { calibrate, defaultSamples } from '../calibrate.ts';
import { allowForNoise } from './cast-slack.ts';
import {
  emitSegment,
  type NetworkSegment,
  packSegment,
  parametersOf,
  readSegment,
  type SegmentOptions,
  repack,
} from './compile-segment.ts';
import { KeysSoFar } from './keys-so-far.ts';
import type { FitReport } from './read-network.ts';
import { PlanningWork } from './planning-work.ts';
import { memoryOf, withinMemory } from '../memory.ts';
import { keyBytesOf } from '../price.ts';
import type { Preference, PriceWeights } from '../../plan/preference.ts';
import type { Prediction } from '../predict.ts';
import type { KnownChoices } from './same-shape.ts';
import { cutSegments, type Segment } from './segments.ts';

export type { NetworkSegment } from './compile-segment.ts';

/** How to compile a network. */
export interface NetworkOptions {
  /** Costs of the backend that will run it. */
  readonly costs: CostTable;
  /** Inputs that ranges and scales are taken from; without any, pictures of random values in [0, 1). */
  readonly calibration?: readonly Tensor[];
  /** Inputs to be run at once, 1 unless given: as many as pay share a ciphertext. */
  readonly batch?: number;
  /** First and last of the file's layers to run. */
  readonly layers?: readonly [number, number];
  /** Layers after which the client refreshes. */
  readonly refresh?: readonly number[];
  /** Whether the client computes what the scheme cannot, in rounds of its own. */
  readonly clientOps?: boolean;
  /** Largest error of a fitted activation, relative to half its range; 0.02 unless given. */
  readonly tolerance?: number;
  /** Parameters to use; the smallest that hold the network unless given. */
  readonly parameters?: Parameters;
  /** Memory of an evaluator: keys, encoded weights, ciphertexts; 1 GB unless given. */
  readonly memoryBytes?: number;
  /** What counts most where one cost stands against another; `balanced` unless given. */
  readonly prefer?: Preference | PriceWeights;
  /** Counts what planning looks at, and ends it where that is too much. */
  readonly work?: PlanningWork;
  /** Values that are to stand whole in ciphertexts of their own, so that the plan may be cut there; none unless given. */
  readonly seams?: ReadonlySet<ValueId>;
}

/** A compiled network. Between two segments the client decrypts, computes `client` if there is one, and encrypts again. */
export interface CompiledNetwork {
  /** What runs in all: the graph or its layer range. */
  readonly graph: Graph;
  readonly segments: readonly NetworkSegment[];
  readonly report: NetworkReport;
}

/** What running it will take. */
export interface NetworkReport {
  /** Times the client must answer before the result, 0 without refresh or client layers in the middle. */
  readonly rounds: number;
  readonly segments: readonly Prediction[];
  readonly fits: readonly FitReport[];
  /** One run through all segments on one thread, per input of a full batch. */
  readonly evaluateMs: number;
  /** Evaluation keys of all segments, which share theirs. */
  readonly keyBytes: number;
  /** What the client sees besides the result. */
  readonly clientLearns: readonly string[];
}

const TOLERANCE = 0.02;
const MEMORY_BYTES = 1e9;
/** A vector that is encoded in each run takes this share of what it takes encoded: it is one number a slot. */
const STREAMED_SHARE = 1 / 12;

/**
 * Compiles `graph` for encrypted inference.
 * @throws SealedError `unsupported-layer` (naming the layer and what would do), `does-not-fit` (naming the layer where
 *   levels or memory run out), `invalid-argument` for layers that are not there
 */
export function compileNetwork(graph: Graph, options: NetworkOptions): CompiledNetwork {
  const { costs, batch = 1, layers, refresh = [], clientOps = false } = options;
  const selected = layers ? selectLayers(graph, layers[0], layers[1]) : graph;
  const samples = options.calibration?.length ? options.calibration : defaultSamples(selected);
  for (const { data } of samples) {
    if (data.length !== elementCount(selected.input.shape)) {
      throw new SealedError(
        'invalid-argument',
        `A calibration input has ${data.length} values; the network takes ${selected.input.shape.join('×')}.`,
        { stage: 'compile' },
      );
    }
  }
  const cuts = cutSegments(selected, { refresh, clientOps });
  const ends = cuts.flatMap(({ inputs, outputs }) => [...inputs, ...outputs].map(({ id }) => id));
  const ranges = calibrate(selected, samples, new Set(ends));
  const { tolerance = TOLERANCE, memoryBytes = MEMORY_BYTES, parameters: given } = options;
  const { work = new PlanningWork(), prefer = 'balanced', seams } = options;
  const settings = { ranges, batch, tolerance, prefer, work, seams };
  const planned = (mostBytes: number, prices: CostTable): NetworkSegment[] => {
    return planAll(cuts, { ...settings, mostBytes, costs: prices, keys: new KeysSoFar() }, given);
  };
  const segments = allowForNoise(keepToMemory(planned, memoryBytes, costs), samples);
  return { graph: selected, segments, report: reportOf(segments) };
}

/**
 * The segments within `memoryBytes`: with all weights encoded ahead, or else with as many as there is room for.
 * @throws SealedError `does-not-fit` saying what would do
 */
function keepToMemory(
  planned: (mostBytes: number, costs: CostTable) => NetworkSegment[],
  memoryBytes: number,
  costs: CostTable,
): NetworkSegment[] {
  const streaming: CostTable = {
    ...costs,
    multiplyPlain: (primes, slots) => costs.multiplyPlain(primes, slots) + costs.encode(primes, slots),
    multiplyHoisted: (primes, slots) => costs.multiplyHoisted(primes, slots) + costs.encode(primes, slots),
  };
  const segments =
    orTooMuch(() => planned(memoryBytes, costs)) ??
    orTooMuch(() => planned(memoryBytes / STREAMED_SHARE, streaming)) ??
    planned(Infinity, streaming);
  const plans = withinMemory(
    segments.map(({ plan }) => plan),
    memoryBytes,
  );
  const needed = memoryOf(plans).totalBytes;
  if (needed > memoryBytes) throw overMemory(needed, memoryBytes);
  return segments.map((segment, i) => {
    const plan = plans[i];
    if (plan === segment.plan) return segment;
    return { ...segment, plan, prediction: { ...segment.prediction, evaluateMs: predictMs(plan, costs) } };
  });
}

/** What `plan` gives; undefined where no layout holds a layer in the memory that it was given. */
function orTooMuch<T>(plan: () => T): T | undefined {
  try {
    return plan();
  } catch (error) {
    if (error instanceof SealedError && error.detail?.['budget'] === 'memory') return undefined;
    throw error;
  }
}

function overMemory(needed: number, given: number): SealedError {
  const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);
  return new SealedError(
    'does-not-fit',
    `This plan takes ${megabytes(needed)} MB of memory at the server, even with its weights encoded in each run; ${megabytes(given)} MB are allowed.`,
    { stage: 'compile', detail: { budget: 'memory', needed, given } },
  );
}

/** Entries of the matrices of segments that are kept until all have been read: some 200 MB. */
const MOST_KEPT_ENTRIES = 15e6;

/**
 * Plans all segments under one set of parameters, hence of keys: the largest that any of them needs. Segments of fewer
 * levels start lower. Where the matrices of all are too large to keep, the others are planned as soon as they are read,
 * under the largest parameters so far, and again if a later one needs larger ones.
 */
function planAll(
  cuts: readonly Segment[],
  options: SegmentOptions,
  given: Parameters | undefined,
): NetworkSegment[] {
  const known: KnownChoices = new Map();
  let shared: Parameters | undefined;
  let kept = 0;
  const looked = (cut: Segment): (() => NetworkSegment) => {
    const read = readSegment(cut, options);
    const settled = parametersOf(read, given);
    // Where the parameters depend on the choice, that comes first.
    const packed = settled ? undefined : packSegment(read, given);
    const needed = settled ?? packed!.prepared.parameters;
    if (given) requireLevels(given, cut, needed);
    shared = shared ? largerParameters(shared, needed) : needed;
    return () => {
      const chosen = packed ? repack(packed, shared!) : packSegment(read, shared, known);
      return { ...emitSegment(chosen), ...cut };
    };
  };
  const segments = cuts.map((cut): (() => NetworkSegment) => {
    const later = looked(cut);
    kept += nonZerosOf(cut);
    if (kept <= MOST_KEPT_ENTRIES) return later;
    const now = later();
    return () => (sameParameters(now.plan.parameters, shared!) ? now : looked(cut)());
  });
  return segments.map((plan) => plan());
}

/** About how many entries the matrices of a segment's layers have. */
function nonZerosOf({ graph }: Segment): number {
  return checkGraph(graph).operations;
}

function requireLevels({ maxLevel }: Parameters, { graph }: Segment, { maxLevel: needed }: Parameters): void {
  if (needed > maxLevel) {
    throw new SealedError(
      'does-not-fit',
      `${graph.name} needs ${needed} levels; these parameters have ${maxLevel}. Add ${needed - maxLevel} primes.`,
      { stage: 'compile', detail: { needed, levels: maxLevel } },
    );
  }
}

function largerParameters(a: Parameters, b: Parameters): Parameters {
  const size = ({ polyModulusDegree, maxLevel }: Parameters): number => polyModulusDegree * 64 + maxLevel;
  return size(b) > size(a) ? b : a;
}

function reportOf(segments: readonly NetworkSegment[]): NetworkReport {
  const predictions = segments.map(({ prediction }) => prediction);
  return {
    rounds: segments.length - 1,
    segments: predictions,
    fits: segments.flatMap(({ fits }) => fits),
    evaluateMs: predictions.reduce((sum, { evaluateMs, batch }) => sum + evaluateMs / batch, 0),
    keyBytes: keyBytesOf(segments),
    clientLearns: segments
      .slice(0, -1)
      .flatMap(({ graph, outputs }) =>
        outputs.map(({ id }) => `the value after layer ${id} (${graph.name})`),
      ),
  };
}

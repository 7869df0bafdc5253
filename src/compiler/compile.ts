// The door to the compiler: any small network → plans for the server, an interface for the client, an explanation for people.
import { SealedError } from '../base/errors.ts';
import { elementCount, type Graph, type Tensor } from '../model/graph.ts';
import { selectLayers } from '../model/layer-range.ts';
import type { Parameters } from '../params/parameters.ts';
import type { ClientInterface, Expectation, ResultInterface } from '../plan/client-interface.ts';
import type { CostTable } from '../plan/counts.ts';
import type { ExplainedRanges, Explanation, PlanChoice, PlanForm } from '../plan/explanation.ts';
import { keyLevels, type Plan } from '../plan/plan.ts';
import type { PlanLimits } from '../plan/plan-limits.ts';
import { type Preference, type PriceWeights, weightsOf } from '../plan/preference.ts';
import { defaultSamples } from './calibrate.ts';
import { compileChannels } from './channels/compile-channels.ts';
import { clientLearns, explain, outputShapeOf, serverLearns, rangesFrom } from './explain.ts';
import type { CompiledForm } from './form.ts';
import { compileNetwork } from './general/compile-network.ts';
import type { PlanningWork } from './general/planning-work.ts';
import { compileSingle } from './general/single-layer.ts';
import { keepLimits } from './limits.ts';
import { memoryOf } from './memory.ts';
import { networkErrorBound } from './network-error.ts';
import { type NetworkSize, sizeOf, tooLargeFor } from './network-size.ts';
import { batchOf } from './predict.ts';
import { withWhatWouldDo } from './what-would-do.ts';
import { keyBytesOf, priceOf, weighed } from './price.ts';

/** How to compile. */
export interface CompileOptions {
  /** Costs of the backend that will run it: a fixed table, so that a network compiles to the same plan on every machine. */
  readonly costs: CostTable;
  /** Inputs that ranges and scales are taken from; without any, they are made up in {@link CompileOptions.inputRange}. */
  readonly calibration?: readonly Tensor[];
  /** Least and largest value of an input, as its model's owner declares them; 0 and 1 unless given, as pictures have. */
  readonly inputRange?: readonly [number, number];
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
  /** The most that the plan may take. */
  readonly limits?: PlanLimits;
  /** Whether to make a plan by each preference, and to say what each takes. */
  readonly compare?: boolean;
  /**
   * What counts most where one cost stands against another: a word for it, or how much each of the four parts of a run's
   * price counts; `balanced` unless given.
   */
  readonly prefer?: Preference | PriceWeights;
  /** Whether the backend takes whole keys alone; else each is cut to the levels that it serves. */
  readonly wholeKeys?: boolean;
  /** Whether values stand in the real parts of slots alone: Microsoft SEAL's wrapper knows no others. */
  readonly realSlots?: boolean;
  /**
   * Whether the result is a picture, which needs an output of `[3, height, width]`. Unless given, a network in channel form
   * that ends in a depth-to-space to three channels makes one.
   */
  readonly picture?: boolean;
  /** Takes this form without asking the other: for tests. */
  readonly form?: PlanForm;
  /** Counts what planning looks at, and ends it where that is too much; a fresh count unless given. */
  readonly work?: PlanningWork;
  /** The plan of this layer alone, out of the plan in which every layer stands by itself; see {@link compileSingle}. */
  readonly single?: number;
}

/** A compiled network. */
export interface Compiled {
  /** One plan for each segment of the interface: the server's secret. */
  readonly plans: readonly Plan[];
  readonly interface: ClientInterface;
  readonly explanation: Explanation;
}

/**
 * Compiles `graph` for encrypted inference: in channel form where every layer after the first is position-wise and that is
 * no dearer, in general form otherwise; by what is preferred where that keeps to the limits, by another preference otherwise.
 * @throws SealedError `unsupported-layer` (naming the layer and what would do), `does-not-fit` (naming the layer where
 *   levels or memory run out, what is too large, or the limits that would do), `invalid-argument` for layers that are not there
 */
export function compile(graph: Graph, options: CompileOptions): Compiled {
  try {
    return compileAsAsked(graph, options);
  } catch (error) {
    // A layer alone is a part of a list, and a style's options are not a person's.
    if (options.single !== undefined || options.picture === true) throw error;
    throw withWhatWouldDo(error, graph, options, (other) => compileAsAsked(graph, { ...options, ...other }));
  }
}

/** Compiles with these options, and tries no others. */
function compileAsAsked(graph: Graph, options: CompileOptions): Compiled {
  const { limits = {}, compare = false, prefer = 'balanced', single, inputRange = PICTURE_RANGE } = options;
  weightsOf(prefer);
  checkRange(inputRange);
  const made = (by: NonNullable<CompileOptions['prefer']>): { choice: PlanChoice; compiled: Compiled } => {
    const compiled = compileOnce(graph, { ...options, prefer: by });
    return { choice: compiled.explanation.front[0], compiled };
  };
  // A layer alone is a part of a list's plan, which is chosen as a whole.
  if (single !== undefined) return made(prefer).compiled;
  const { plan, front } = keepLimits<Preference | PriceWeights, ReturnType<typeof made>>(
    limits,
    prefer,
    made,
    compare,
  );
  return { ...plan.compiled, explanation: { ...plan.compiled.explanation, front } };
}

/** Compiles by one preference. */
function compileOnce(graph: Graph, options: CompileOptions): Compiled {
  const { layers, single } = options;
  if (single !== undefined) {
    const selected = layers ? selectLayers(graph, ...layers) : graph;
    const calibration = samplesFor(selected, options)();
    const { graph: alone, compiled, errorBound } = compileSingle(graph, single, { ...options, calibration });
    return handOut(alone, compiled, errorBound, rangesOf(calibration, options), options);
  }
  const selected = layers ? selectLayers(graph, layers[0], layers[1]) : graph;
  if (options.picture === true) requirePicture(selected);
  const clientTakesPart = options.clientOps === true || (options.refresh?.length ?? 0) > 0;
  const size = sizeOf(selected, clientTakesPart);
  // Nothing is built for a network that is too large for either form.
  const tooLarge = tooLargeFor(size, 'channels');
  if (tooLarge) throw tooLarge;
  const samplesOf = samplesFor(selected, options);
  const compiled = bestForm({ graph, selected, size, samplesOf, options });
  const samples = samplesOf();
  const predictedError = networkErrorBound(compiled.segments, samples);
  return handOut(selected, compiled, predictedError, rangesOf(samples, options), options);
}

function checkRange([low, high]: readonly [number, number]): void {
  if (Number.isFinite(low) && Number.isFinite(high) && low < high) return;
  const message = `The range of an input’s values must be two numbers, the lesser one first, not ${low} and ${high}.`;
  throw new SealedError('invalid-argument', message, { stage: 'compile' });
}

/** What is handed out of a compiled network: plans, the client's interface, the explanation. */
function handOut(
  selected: Graph,
  compiled: CompiledForm,
  predictedError: number,
  ranges: ExplainedRanges,
  { prefer = 'balanced', wholeKeys }: CompileOptions,
): Compiled {
  const { segments } = compiled;
  const { parameters } = segments[0].plan;
  const price = priceOf(segments, parameters, wholeKeys);
  const plans = segments.map(({ plan }) => plan);
  const choice: PlanChoice = {
    prefer: typeof prefer === 'string' ? prefer : JSON.stringify(prefer),
    evaluateMs: price.evaluateMs,
    keyBytes: keyBytesOf(segments, wholeKeys),
    memoryBytes: memoryOf(plans).totalBytes,
    rounds: segments.length - 1,
    error: predictedError,
  };
  return {
    plans,
    interface: {
      name: selected.name,
      parameters: {
        polyModulusDegree: parameters.polyModulusDegree,
        coeffModulusBits: parameters.coeffModulusBits,
      },
      segments: segments.map(({ plan, card, client, kept }) => {
        const { input, output, rotationSteps, relinearize } = card;
        const cut = wholeKeys === true ? {} : { keyLevels: keyLevels(plan) };
        return { input, output, rotationSteps, relinearize, ...cut, client, ...(kept > 0 && { kept }) };
      }),
      result: compiled.result,
      expected: expectationOf(compiled, choice),
      serverLearns: serverLearns(compiled),
      clientLearns: clientLearns(compiled),
    },
    explanation: explain(selected, compiled, price, predictedError, ranges, choice),
  };
}

function requirePicture(graph: Graph): void {
  const shape = outputShapeOf(graph);
  if (shape.length === 3 && shape[0] === 3) return;
  throw new SealedError(
    'invalid-argument',
    `The network's output is ${shape.join('×')}; a picture is 3×height×width. Ask for a tensor.`,
    { stage: 'compile' },
  );
}

/** What is asked for, in full. */
interface Asked {
  readonly graph: Graph;
  /** The layers of `graph` that are to run. */
  readonly selected: Graph;
  readonly size: NetworkSize;
  /** The inputs that ranges are taken from. */
  readonly samplesOf: () => readonly Tensor[];
  readonly options: CompileOptions;
}

/** Values of an input unless its model's owner declares others: those of a picture. */
const PICTURE_RANGE = [0, 1] as const;

/** The inputs that are given, or else made up, once, when they are first asked for. */
function samplesFor(graph: Graph, { calibration, inputRange }: CompileOptions): () => readonly Tensor[] {
  let samples = calibration?.length ? calibration : undefined;
  return () => (samples ??= defaultSamples(graph, inputRange ?? PICTURE_RANGE));
}

function rangesOf(
  { length }: readonly Tensor[],
  { calibration, inputRange }: CompileOptions,
): ExplainedRanges {
  return rangesFrom(length, calibration?.length ? undefined : (inputRange ?? PICTURE_RANGE));
}

// Beyond this many values the channel form's packing is the only one that stays small.
const CHANNELS_ALWAYS = 20_000;

/** The form that is asked for, or else the better of those that hold the network. */
function bestForm(asked: Asked): CompiledForm {
  const { form, prefer = 'balanced' } = asked.options;
  if (form === 'general') return inGeneral(asked);
  if (form === 'channels') return inChannels(asked);
  const channels = tryChannels(asked);
  if (!channels) return inGeneral(asked);
  const isLarge = elementCount(outputShapeOf(asked.selected)) > CHANNELS_ALWAYS;
  if (isLarge || tooLargeFor(asked.size, 'general')) return channels;
  const general = inGeneral(asked);
  const ms = ({ segments }: CompiledForm): number =>
    weighed(priceOf(segments, segments[0].plan.parameters, asked.options.wholeKeys), prefer);
  return ms(channels) <= ms(general) ? channels : general;
}

function inChannels({ selected, samplesOf, options }: Asked): CompiledForm {
  const { costs, parameters, picture, prefer, realSlots = false } = options;
  return compileChannels(selected, {
    costs,
    realSlots,
    ...(prefer && { prefer }),
    samples: () => samplesOf().slice(0, 2),
    ...(parameters && { parameters }),
    ...(picture !== undefined && { picture }),
  });
}

/** The channel form, if it is one that `graph` has and that serves what is asked for. */
function tryChannels(asked: Asked): CompiledForm | undefined {
  const { options } = asked;
  const isPlain = (options.batch ?? 1) === 1 && !options.refresh?.length && options.clientOps !== true;
  if (!isPlain) return undefined;
  try {
    return inChannels(asked);
  } catch (error) {
    if (
      error instanceof SealedError &&
      (error.code === 'unsupported-layer' || error.code === 'does-not-fit')
    ) {
      return undefined;
    }
    throw error;
  }
}

function inGeneral({ graph, selected, size, samplesOf, options }: Asked): CompiledForm {
  const tooLarge = tooLargeFor(size, 'general');
  if (tooLarge) throw tooLarge;
  const { memoryBytes } = options.limits ?? {};
  const { segments } = compileNetwork(graph, {
    ...options,
    calibration: samplesOf(),
    ...(memoryBytes !== undefined && { memoryBytes }),
  });
  const shape = outputShapeOf(selected);
  const result: ResultInterface =
    options.picture === true ? { kind: 'picture', finish: [] } : { kind: 'tensor', shape };
  return { form: 'general', segments, result };
}

/** What a run of one full batch through all segments takes. */
function expectationOf({ segments }: CompiledForm, { keyBytes, error }: PlanChoice): Expectation {
  const batch = Math.max(...segments.map(({ card }) => batchOf(card)));
  const sum = (of: (segment: (typeof segments)[number]) => number): number =>
    segments.reduce((total, segment) => total + (of(segment) * batch) / batchOf(segment.card), 0);
  return {
    evaluateMs: sum(({ prediction }) => prediction.evaluateMs),
    errorBound: error,
    keyBytes,
    requestBytes: sum(({ prediction }) => prediction.inputBytes),
    responseBytes: sum(({ prediction }) => prediction.outputBytes),
  };
}

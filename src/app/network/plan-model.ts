// What a network will cost and how precise it will be, without encrypting anything.
import {
  type CompiledNetwork,
  compileNetwork,
  type NetworkOptions,
  type NetworkSegment,
} from '../../compiler/general/compile-network.ts';
import { defaultSamples } from '../../compiler/general/calibrate.ts';
import { networkErrorBound } from '../../compiler/general/network-error.ts';
import type { FitReport } from '../../compiler/general/read-network.ts';
import { type Graph, type Tensor } from '../../model/graph.ts';
import { countOperations, type OperationCounts } from '../../plan/counts.ts';
import type { OperationTimes } from '../../protocol/contracts.ts';
import { NETWORK_COSTS, measuredCosts, predictEvaluateMs } from './network-costs.ts';
import type { NetworkSession } from '../session/network-session.ts';
import type { BackendName } from '../style/report.ts';

/** How a network is to be run. */
export interface ModelOptions extends Omit<NetworkOptions, 'costs'> {
  readonly backend: BackendName;
}

/** Who computes a layer: the server, the client, or the client in packing the input, since it only moves elements. */
export type LayerPlace = 'server' | 'client' | 'packing';

/** One of the file's layers. */
export interface PlannedLayer {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  /** Level and scale of the stage that computes it; null where it is folded into a later one or left to the client. */
  readonly level: number | null;
  readonly scaleBits: number | null;
  readonly place: LayerPlace;
  /** Which of the stages of all segments computes it, from 0; null where none does. Layers of one stage are computed together. */
  readonly stage: number | null;
  /** `client`, `packing`, or all the layers that one stage of the server's fuses, in words for people. */
  readonly computedIn: string;
}

/** One stretch between two rounds. */
export interface PlannedSegment {
  readonly name: string;
  readonly levels: number;
  readonly batch: number;
  readonly inputCiphertexts: number;
  readonly outputCiphertexts: number;
  readonly rotations: number;
  readonly rotationKeys: number;
  /** Plaintext multiplications with vectors, by level from 0. */
  readonly multiplyPlainByLevel: readonly number[];
  readonly counts: OperationCounts;
  readonly stages: readonly {
    readonly kind: string;
    readonly label: string;
    readonly layers: readonly string[];
    readonly level: number;
    readonly scaleBits: number;
    readonly errorBound: number;
  }[];
  readonly layouts: readonly string[];
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly diagonalBytes: number;
  readonly errorBound: number;
  /** Layers that the client computes afterwards. */
  readonly clientLayers: readonly string[];
}

/** The inputs that fits, scales and the predicted error are taken from. */
export interface PlannedRanges {
  /** Whether no input was given, and random ones were made up. */
  readonly madeUp: boolean;
  readonly inputs: number;
  /** The same in words. */
  readonly description: string;
}

/** The plan as data. */
export interface ModelPlanReport {
  readonly model: string;
  readonly inputShape: readonly number[];
  readonly layers: readonly PlannedLayer[];
  readonly parameters: {
    readonly polyModulusDegree: number;
    readonly coeffModulusBits: readonly number[];
    readonly primes: readonly string[];
    readonly logQP: number;
    readonly securityBits: number;
  };
  readonly segments: readonly PlannedSegment[];
  readonly rounds: number;
  readonly roundBytes: number;
  readonly clientLearns: readonly string[];
  readonly serverLearns: readonly string[];
  readonly keyBytes: number;
  readonly fits: readonly FitReport[];
  readonly ranges: PlannedRanges;
  readonly inputs: number;
  readonly workers: number;
  readonly predictedMs: number;
  readonly predictedMsPerInput: number;
  readonly predictedError: number;
  /** What the prediction is scaled from; null for typical figures instead of this machine's. */
  readonly calibration: OperationTimes | null;
}

/** A compiled network with what is known of it before a run. */
export interface PlannedModel {
  readonly network: CompiledNetwork;
  readonly predictedError: number;
  readonly ranges: PlannedRanges;
  readonly planMs: number;
}

/**
 * Compiles `graph`.
 * @throws SealedError naming the layer that does not fit, and what to do
 */
export function compileModel(graph: Graph, { backend, ...options }: ModelOptions): PlannedModel {
  const start = performance.now();
  const costs = NETWORK_COSTS[backend === 'seal' ? 'seal' : 'simd'];
  const network = compileNetwork(graph, { ...options, costs });
  const given = options.calibration ?? [];
  const samples = given.length > 0 ? given : defaultSamples(network.graph);
  const predictedError = networkErrorBound(network.segments, samples);
  const ranges = rangesOf(samples.length, given.length === 0);
  return { network, predictedError, ranges, planMs: performance.now() - start };
}

function rangesOf(inputs: number, madeUp: boolean): PlannedRanges {
  const description = madeUp
    ? `${inputs} made-up inputs of random numbers from 0 to 1 (none was given)`
    : `${inputs} given input${inputs === 1 ? '' : 's'}`;
  return { madeUp, inputs, description };
}

/**
 * The report of a compiled network for `inputs` inputs.
 * @param session whose workers' speed is measured; without it, or for the simulation, typical figures are used
 */
export async function reportPlan(
  { network, predictedError, ranges }: PlannedModel,
  inputs: number,
  backend: BackendName,
  session: NetworkSession | undefined,
  signal?: AbortSignal,
): Promise<ModelPlanReport> {
  const { segments, report, graph } = network;
  const [first] = segments;
  const { parameters } = first.plan;
  const server = backend === 'clear' ? 'simd' : backend;
  const calibration =
    session && backend !== 'clear' ? await session.measure(first.card.parameters, server, signal) : null;
  const costs = calibration ? measuredCosts(calibration) : NETWORK_COSTS[server];
  const workers = session?.serverWorkers ?? 1;
  const predictedMs = predictEvaluateMs(network, inputs, workers, costs);
  const planned = segments.map(plannedSegment);
  const inner = planned
    .slice(0, -1)
    .reduce((sum, { outputBytes }, i) => sum + outputBytes + planned[i + 1].inputBytes, 0);
  return {
    model: graph.name,
    inputShape: graph.input.shape,
    layers: plannedLayers(network),
    parameters: {
      polyModulusDegree: parameters.polyModulusDegree,
      coeffModulusBits: parameters.coeffModulusBits,
      primes: parameters.primes.map(String),
      logQP: parameters.logQP,
      securityBits: parameters.securityBits,
    },
    segments: planned,
    rounds: report.rounds,
    roundBytes: inner,
    clientLearns: report.clientLearns,
    serverLearns: [...new Set(segments.flatMap(({ card }) => card.serverLearns))],
    keyBytes: report.keyBytes,
    fits: report.fits,
    ranges,
    inputs,
    workers,
    predictedMs,
    predictedMsPerInput: predictedMs / inputs,
    predictedError,
    calibration,
  };
}

function plannedSegment({ plan, prediction, layouts, graph, client }: NetworkSegment): PlannedSegment {
  const counts = countOperations(plan);
  return {
    name: graph.name,
    levels: prediction.levels,
    batch: prediction.batch,
    inputCiphertexts: prediction.inputCiphertexts,
    outputCiphertexts: prediction.outputCiphertexts,
    rotations: counts.rotate.reduce((sum, count) => sum + count, 0),
    rotationKeys: prediction.rotationKeys,
    multiplyPlainByLevel: counts.multiplyPlain,
    counts,
    stages: prediction.stages,
    layouts,
    inputBytes: prediction.inputBytes,
    outputBytes: prediction.outputBytes,
    diagonalBytes: prediction.diagonalBytes,
    errorBound: prediction.errorBound,
    clientLayers: client?.nodes.map(({ id, op }) => `${id} (${op})`) ?? [],
  };
}

/** The file's layers with what computes each of them. */
export function plannedLayers({ graph, segments }: CompiledNetwork): PlannedLayer[] {
  const shapes = new Map(graph.nodes.map(({ id, shape }) => [id, shape]));
  const stages = segments.flatMap(({ prediction }) => prediction.stages);
  const atClient = new Set(segments.flatMap(({ client }) => client?.nodes.map(({ id }) => id) ?? []));
  const marks =
    graph.layers ?? graph.nodes.map(({ id, op }, index) => ({ index, name: id, type: op, output: id }));
  return marks.map(({ index, name, type, output }) => {
    const last = stages.findLastIndex(({ layers }) => layers.includes(output));
    const stage = last < 0 ? undefined : stages[last];
    const place = atClient.has(output) ? 'client' : stage ? 'server' : 'packing';
    return {
      index,
      name,
      type,
      shape: shapes.get(output) ?? graph.input.shape,
      level: stage?.level ?? null,
      scaleBits: stage?.scaleBits ?? null,
      place,
      stage: last < 0 ? null : last,
      computedIn: place === 'server' ? stage!.layers.join(', ') : place,
    };
  });
}

/** `inputs` as samples to calibrate with. */
export function samplesOf(graph: Graph, inputs: readonly Float32Array[]): Tensor[] {
  return inputs.map((data) => ({ shape: graph.input.shape, data }));
}

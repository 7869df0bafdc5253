// One stretch of a network that runs without the client: graph → program → rounds → layouts → plan and card.
import { assert } from '../../base/assert.ts';
import { SealedError } from '../../base/errors.ts';
import { elementCount, type Graph, type Tensor } from '../../model/graph.ts';
import type { Parameters } from '../../params/parameters.ts';
import type { CostTable } from '../../plan/counts.ts';
import { outLevel, type Plan, relinearizes, rotationSteps } from '../../plan/plan.ts';
import type { NetworkCard } from '../../plan/slot-layout.ts';
import { verifyPlan } from '../../plan/verify.ts';
import { calibrate } from '../calibrate.ts';
import { type Choice, chooseLayouts } from './choose-layouts.ts';
import { type DraftStage, emitGather, emitRound, type Geometry } from './emit-round.ts';
import { assignNetworkScales, type Depth, depthOf, parametersFor, primesByRound } from './network-scales.ts';
import { INPUT, type Schedule, schedulePhases } from './phases.ts';
import { aroundStage, magnitudesOf, type NetworkMagnitudes } from './magnitudes.ts';
import { predict, type Prediction } from '../predict.ts';
import type { Program } from './program.ts';
import { type FitReport, type ReadNetwork, readNetwork } from './read-network.ts';
import { gatherInputs, GatherSource } from './gather.ts';
import { stageTargets, type State, type Surroundings } from './round-cost.ts';
import { powerOfTwo, type TensorLayout } from './tensor-layout.ts';

/** What a segment is compiled with. */
export interface SegmentOptions {
  readonly costs: CostTable;
  /** Inputs the ranges are taken from. */
  readonly samples: readonly Tensor[];
  /** Inputs that will be run at once. */
  readonly batch: number;
  /** Largest fit error of an activation, relative to half its range. */
  readonly tolerance: number;
  /** Most bytes of encoded diagonals. */
  readonly mostBytes: number;
  /** Use these parameters, if they hold the segment, instead of the smallest that do. */
  readonly parameters?: Parameters;
}

/** A compiled segment. */
export interface CompiledSegment {
  readonly plan: Plan;
  readonly card: NetworkCard;
  readonly fits: readonly FitReport[];
  /** What one run, of up to `card.input.layout.batch` inputs, will take. */
  readonly prediction: Prediction;
  /** Name of each round's layouts, for people. */
  readonly layouts: readonly string[];
}

interface Prepared {
  readonly graph: Graph;
  readonly fits: readonly FitReport[];
  readonly magnitudes: NetworkMagnitudes;
  readonly program: Program;
  readonly schedule: Schedule;
  readonly depth: Depth;
  readonly parameters: Parameters;
}

function surroundings({ parameters }: Prepared, batch: number, options: SegmentOptions): Surroundings {
  const { slots } = parameters;
  return { ring: slots / batch, slots, costs: options.costs, mostBytes: options.mostBytes };
}

/** A program with its rounds, parameters and magnitudes. */
function prepare(
  graph: Graph,
  { program, fits }: ReadNetwork,
  { samples, parameters: given }: SegmentOptions,
): Prepared {
  const schedule = schedulePhases(program);
  const magnitudes = magnitudesOf(graph, program, schedule, samples);
  const depth = depthOf(schedule, magnitudes.output, given);
  const smallest = parametersFor(schedule, depth);
  const parameters = given && given.maxLevel >= smallest.maxLevel ? given : smallest;
  return { graph, program, fits, schedule, magnitudes, depth, parameters };
}

interface Packing {
  readonly prepared: Prepared;
  /** Inputs that share a ciphertext. */
  readonly batch: number;
  readonly choice: Choice;
}

/** The packing that makes the whole batch cheapest. @throws SealedError `does-not-fit` if there is none */
function cheapest(ways: readonly Prepared[], options: SegmentOptions): Packing {
  let best: (Packing & { readonly ms: number }) | undefined;
  let failure: unknown;
  for (const prepared of ways) {
    const { schedule, depth, graph, parameters } = prepared;
    const primes = primesByRound(schedule, depth);
    for (let batch = 1; batch <= Math.min(powerOfTwo(options.batch), parameters.slots); batch *= 2) {
      try {
        const around = surroundings(prepared, batch, options);
        const choice = chooseLayouts(schedule, graph.input.shape, around, primes);
        const ms = choice.ms * Math.ceil(options.batch / batch);
        if (!best || ms < best.ms) best = { prepared, batch, choice, ms };
      } catch (error) {
        if (!(error instanceof SealedError)) throw error;
        failure ??= error;
      }
    }
  }
  if (!best) throw failure;
  return best;
}

interface Emitted {
  readonly drafts: readonly DraftStage[];
  readonly sources: readonly Int32Array[];
  readonly output: TensorLayout;
}

/** Every round with its diagonals, and the tables the client packs by. */
function emit({ schedule, graph }: Prepared, choice: Choice, geometry: Geometry): Emitted {
  const drafts: DraftStage[] = [];
  let sources: readonly Int32Array[] = [];
  let state: State = { placed: new Map(), count: 0 };
  schedule.phases.forEach((phase, index) => {
    const targets = stageTargets(phase, (group) => choice.layouts.get(group)!);
    const { estimate, inputLayout } = choice.rounds[index];
    if (index === 0 && !inputLayout) {
      const gathered = gatherInputs(new GatherSource(targets, geometry.ring), estimate.spread);
      sources = gathered.tables;
      const round = emitGather(phase, targets, gathered, geometry);
      drafts.push(...round.stages.map((stage) => ({ round: index, ...stage })));
      state = round.state;
      return;
    }
    if (inputLayout) {
      sources = orderedSources(inputLayout, geometry.ring);
      state = { placed: new Map([[INPUT, { layout: inputLayout, first: 0 }]]), count: inputLayout.count };
    }
    const round = emitRound(phase, targets, state, estimate.split, geometry);
    drafts.push(...round.stages.map((stage) => ({ round: index, ...stage })));
    state = round.state;
  });
  assert(elementCount(graph.input.shape) > 0, 'the network has an input');
  if (drafts.length === 0) {
    // The network only moves elements, which the packing has done: one stage that changes nothing.
    const rows = sources.map((_, input) => ({
      sums: [{ giantStep: 0, terms: [{ input, step: 0, diagonal: { kind: 'scalar', value: 1 } as const }] }],
      bias: undefined,
    }));
    drafts.push({ round: 0, kind: 'linear', layers: [], rows, isScaled: false, rescale: false });
  }
  return { drafts, sources, output: choice.layouts.get(schedule.outputGroup)! };
}

/** Packing tables of a layout in which the client packs the input as it is. */
function orderedSources(layout: TensorLayout, ring: number): Int32Array[] {
  const sources = Array.from({ length: layout.count }, () => new Int32Array(ring).fill(-1));
  layout.ciphertext.forEach((ciphertext, e) => {
    for (let p = layout.position[e]; ciphertext >= 0 && p < ring; p += layout.period)
      sources[ciphertext][p] = e;
  });
  return sources;
}

function cardOf(
  { graph }: Prepared,
  plan: Plan,
  emitted: Emitted,
  batch: number,
  lastLevel: number,
): NetworkCard {
  const { parameters } = plan;
  const { slots } = parameters;
  const last = plan.stages.at(-1)!;
  const { sources, output } = emitted;
  const outputNode = graph.nodes.find(({ id }) => id === graph.output);
  assert(outLevel(last) === lastLevel, 'the levels end where they should');
  return {
    name: plan.name,
    parameters: {
      polyModulusDegree: parameters.polyModulusDegree,
      coeffModulusBits: parameters.coeffModulusBits,
    },
    input: {
      layout: { kind: 'gather', shape: graph.input.shape, batch, slots, sources },
      scale: plan.inputScale,
      level: plan.inputLevel ?? parameters.maxLevel,
      count: sources.length,
    },
    output: {
      layout: {
        kind: 'slots',
        shape: outputNode?.shape ?? graph.input.shape,
        batch,
        slots,
        count: output.count,
        ciphertext: output.ciphertext,
        position: output.position,
      },
      scale: last.outScale,
      level: lastLevel,
      count: output.count,
    },
    rotationSteps: rotationSteps(plan),
    relinearize: relinearizes(plan),
    serverLearns: [`the network ${plan.name}`, `the input size ${graph.input.shape.join('×')}`],
  };
}

/**
 * Compiles `graph`, all of which must have an encrypted form.
 * @throws SealedError `unsupported-layer` or `does-not-fit`, naming the layer and what to do
 */
export function compileSegment(graph: Graph, options: SegmentOptions): CompiledSegment {
  const ranges = calibrate(graph, options.samples);
  const composed = prepare(graph, readNetwork(graph, ranges, options.tolerance, 'composed'), options);
  const ways = [composed];
  if (composed.program.bases.some(({ kind }) => kind === 'copy')) {
    try {
      ways.push(prepare(graph, readNetwork(graph, ranges, options.tolerance, 'apart'), options));
    } catch (error) {
      // This way takes one level more, which may be one too many.
      if (!(error instanceof SealedError) || error.code !== 'does-not-fit') throw error;
    }
  }
  const { prepared, batch, choice } = cheapest(ways, options);
  const { schedule, depth, fits, magnitudes } = prepared;
  const geometry = { ring: prepared.parameters.slots / batch, batch };
  const emitted = emit(prepared, choice, geometry);
  const { stages, inputScale } = assignNetworkScales(emitted.drafts, prepared.parameters, depth);
  const plan = verifyPlan({
    name: graph.name,
    parameters: prepared.parameters,
    inputCount: emitted.sources.length,
    inputScale,
    inputLevel: depth.drops + depth.lastLevel,
    stages,
  });
  const card = cardOf(prepared, plan, emitted, batch, depth.lastLevel);
  const around = emitted.drafts.map((draft) => aroundStage(draft, magnitudes));
  return {
    plan,
    card,
    fits,
    prediction: predict(plan, card, around, options.costs, magnitudes.approximationError),
    layouts: schedule.phases.map(({ targets }) =>
      [...new Set(targets.map(({ group }) => choice.layouts.get(group)!.name))].join(' + '),
    ),
  };
}

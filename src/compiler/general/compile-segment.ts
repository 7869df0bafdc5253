// One stretch of a network that runs without the client: graph → program → rounds → layouts → plan and card.
import { assert } from '../../base/assert.ts';
import { SealedError } from '../../base/errors.ts';
import type { Graph, ValueId } from '../../model/graph.ts';
import { type Parameters, sameParameters } from '../../params/parameters.ts';
import type { CostTable } from '../../plan/counts.ts';
import { outLevel, type Plan, relinearizes, rotationSteps } from '../../plan/plan.ts';
import type { NetworkCard } from '../../plan/model-card.ts';
import { verifyPlan } from '../../plan/verify.ts';
import type { Ranges } from '../calibrate.ts';
import { type Choice, chooseLayouts } from './choose-layouts.ts';
import type { DiagonalShape } from './diagonals.ts';
import { type DraftStage, emitGather, emitRound, type Geometry } from './emit-round.ts';
import { assignNetworkScales, type Depth, depthOf, parametersFor, primesByRound } from './network-scales.ts';
import { INPUT, type Schedule, schedulePhases } from './phases.ts';
import { aroundStage, magnitudesOf, type NetworkMagnitudes } from './magnitudes.ts';
import { predict, type Prediction } from '../predict.ts';
import { searchPrices } from '../price.ts';
import type { Preference, PriceWeights } from '../../plan/preference.ts';
import type { PlanningWork } from './planning-work.ts';
import type { Program } from './program.ts';
import { type FitReport, readNetwork } from './read-network.ts';
import { gatherInputs, GatherSource } from './gather.ts';
import { Merges, rotationCosts, stageTargets, type State } from './round-cost.ts';
import { chooseSplit, type Split } from './rotation-split.ts';
import { SearchTables } from './search-tables.ts';
import { type KnownChoices, structureOf } from './same-shape.ts';
import { slotAt } from './skew.ts';
import { KeysSoFar } from './keys-so-far.ts';
import { originalOf, type Segment, type SegmentValue } from './segments.ts';
import { powerOfTwo, type TensorLayout } from './tensor-layout.ts';

/** What a segment is compiled with. */
export interface SegmentOptions {
  readonly costs: CostTable;
  /** What its values take over the inputs that ranges are taken from; its input and output are kept. */
  readonly ranges: Ranges;
  /** Inputs that will be run at once. */
  readonly batch: number;
  /** Largest fit error of an activation, relative to half its range. */
  readonly tolerance: number;
  /** Most bytes of encoded diagonals. */
  readonly mostBytes: number;
  /** What counts most where one cost stands against another. */
  readonly prefer: Preference | PriceWeights;
  /** Counts what planning looks at, for all segments together. */
  readonly work: PlanningWork;
  /** Values that are to stand whole in ciphertexts of their own; none unless given. */
  readonly seams?: ReadonlySet<ValueId> | undefined;
  /** Keys that other segments need; none unless given. */
  readonly keys?: KeysSoFar;
}

/** Where a plan may be cut: after so many stages the ciphertexts hold one value and nothing else. */
export interface Seam {
  readonly stages: number;
  readonly layout: TensorLayout;
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
  /** The places between two rounds at which the plan may be cut. */
  readonly seams: readonly Seam[];
}

/** A segment and what the client computes on its decrypted result. */
export type NetworkSegment = CompiledSegment & Segment;

/** One way to compute a segment: a program and its rounds. */
interface Way {
  readonly program: Program;
  readonly fits: readonly FitReport[];
  readonly schedule: Schedule;
  readonly magnitudes: NetworkMagnitudes;
}

/** A segment, read. */
export interface ReadSegment {
  readonly segment: Segment;
  readonly graph: Graph;
  readonly options: SegmentOptions;
  readonly ways: readonly Way[];
}

/**
 * Reads `graph`, all of which must have an encrypted form.
 * @throws SealedError `unsupported-layer` naming the layer
 */
export function readSegment(segment: Segment, options: SegmentOptions): ReadSegment {
  const { ranges, tolerance, seams } = options;
  const { graph } = segment;
  const [inputs, outputs] = [segment.inputs, segment.outputs].map((parts) => valuesOf(parts, ranges));
  const own: Ranges = { ...ranges, of: (id) => ranges.of(originalOf(id)) };
  const ways = readNetwork(graph, own, tolerance, options.work, seams).map(({ program, fits }): Way => {
    const schedule = schedulePhases(
      program,
      seams !== undefined,
      segment.outputs.map(({ shape }) => shape),
    );
    return { program, fits, schedule, magnitudes: magnitudesOf(program, schedule, inputs, outputs) };
  });
  return { segment, graph, options, ways };
}

/** What `parts`, one after the other, are for each input that ranges are taken from. */
function valuesOf(parts: readonly SegmentValue[], ranges: Ranges): Float32Array[] {
  const [first, ...others] = parts.map(({ id }) => ranges.values(id));
  return first.map(({ data }, sample) => {
    if (others.length === 0) return data;
    const all = [data, ...others.map((values) => values[sample].data)];
    const joined = new Float32Array(all.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of all) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  });
}

/** A way under parameters that hold it. */
interface Prepared extends Way {
  readonly depth: Depth;
  readonly parameters: Parameters;
}

/** `way` under `given`, if these have the levels, or else under the smallest parameters that do. */
function prepare(way: Way, given: Parameters | undefined): Prepared {
  const { schedule, magnitudes } = way;
  const depth = depthOf(schedule, magnitudes.output, given);
  const smallest = parametersFor(schedule, depth);
  const parameters = given && given.maxLevel >= smallest.maxLevel ? given : smallest;
  return { ...way, depth, parameters };
}

/** The ways that `given` parameters hold, or else those that others do. */
function prepareAll({ ways: [first, ...others] }: ReadSegment, given: Parameters | undefined): Prepared[] {
  const found = [prepare(first, given)];
  for (const way of others) {
    try {
      found.push(prepare(way, given));
    } catch (error) {
      // This way takes one level more, which may be one too many.
      if (!(error instanceof SealedError) || error.code !== 'does-not-fit') throw error;
    }
  }
  const held = found.filter(({ parameters }) => parameters === given);
  return held.length > 0 ? held : found;
}

/** A segment with its way and its layouts chosen. */
export interface PackedSegment {
  readonly read: ReadSegment;
  readonly prepared: Prepared;
  /** Inputs that share a ciphertext. */
  readonly batch: number;
  readonly choice: Choice;
}

/** The parameters that `segment` has whatever is chosen; undefined if that depends on the choice. */
export function parametersOf(segment: ReadSegment, given: Parameters | undefined): Parameters | undefined {
  const [first, ...others] = prepareAll(segment, given);
  const isSettled = others.every(({ parameters }) => sameParameters(parameters, first.parameters));
  return isSettled ? first.parameters : undefined;
}

/**
 * The packing of `read` that makes the whole batch cheapest.
 * @param given parameters to use, if they hold the segment, instead of the smallest that do
 * @throws SealedError `does-not-fit` naming the layer and what to do, if there is none
 */
export function packSegment(
  read: ReadSegment,
  given: Parameters | undefined,
  known: KnownChoices = new Map(),
): PackedSegment {
  const { options } = read;
  let best: (PackedSegment & { readonly ms: number; readonly way: number }) | undefined;
  let failure: unknown;
  const tables = new SearchTables(options.work);
  const ways = prepareAll(read, given);
  const shapes = read.segment.inputs.map(({ shape }) => shape);
  const structure = structureOf(ways, shapes);
  const same = known.get(structure);
  if (same) return { read, prepared: ways[same.way], batch: same.batch, choice: same.choice };
  for (const [way, prepared] of ways.entries()) {
    const { schedule, depth, parameters } = prepared;
    const { slots } = parameters;
    const primes = primesByRound(schedule, depth);
    for (let batch = 1; batch <= Math.min(powerOfTwo(options.batch), slots); batch *= 2) {
      const runs = Math.ceil(options.batch / batch);
      const { costs, mostBytes, prefer } = options;
      const prices = searchPrices(prefer, parameters, costs);
      const ring = slots / batch;
      const around = { ring, merges: new Merges(ring), tables, slots, costs, prices, mostBytes };
      try {
        const choice = chooseLayouts(schedule, shapes, around, primes, (best?.ms ?? Infinity) / runs);
        const ms = choice ? choice.ms * runs : Infinity;
        if (choice && (!best || ms < best.ms)) best = { read, prepared, batch, choice, ms, way };
      } catch (error) {
        if (!(error instanceof SealedError) || options.work.isSpent) throw error;
        failure ??= error;
      }
    }
  }
  if (!best) throw failure;
  const { batch, choice, way } = best;
  known.set(structure, { way, batch, choice });
  return best;
}

/** `packed` under `parameters`, searched again only where they change what layouts cost or how much they hold. */
export function repack(packed: PackedSegment, parameters: Parameters): PackedSegment {
  const { prepared, read } = packed;
  const again = prepare(prepared, parameters);
  const isAlike =
    again.parameters.slots === prepared.parameters.slots &&
    again.depth.drops === prepared.depth.drops &&
    again.depth.lastLevel === prepared.depth.lastLevel;
  return isAlike ? { ...packed, prepared: again } : packSegment(read, parameters);
}

interface Emitted {
  readonly drafts: readonly DraftStage[];
  readonly sources: readonly Int32Array[];
  readonly output: TensorLayout;
}

/** Every round with its diagonals, and the tables the client packs by. */
function emit(prepared: Prepared, choice: Choice, geometry: Geometry, options: SegmentOptions): Emitted {
  const { schedule, depth, parameters } = prepared;
  const { work, costs, prefer, keys = new KeysSoFar() } = options;
  const around = { costs, slots: parameters.slots, prices: searchPrices(prefer, parameters, costs) };
  const primesOf = primesByRound(schedule, depth);
  const tables = new SearchTables(work);
  const drafts: DraftStage[] = [];
  let sources: readonly Int32Array[] = [];
  let state: State = { placed: new Map(), count: 0 };
  schedule.phases.forEach((phase, index) => {
    const targets = stageTargets(phase, (group) => choice.layouts.get(group)!);
    const { estimate, inputLayout } = choice.rounds[index];
    if (index === 0 && !inputLayout) {
      const gathered = gatherInputs(new GatherSource(targets, geometry.ring, work), estimate.spread);
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
    work.built += 1;
    // Keys that stages before this one need anyway cost nothing more.
    const primes = primesOf[index];
    const splitOf = (shape: DiagonalShape, period: number): Split | undefined =>
      estimate.split &&
      chooseSplit(shape, { ring: geometry.ring, period }, rotationCosts(around, primes), tables, (step) =>
        keys.isThere(step * geometry.batch, primes),
      );
    const round = emitRound(phase, targets, state, splitOf, geometry);
    keys.add(round.stages, primes);
    drafts.push(...round.stages.map((stage) => ({ round: index, ...stage })));
    state = round.state;
  });
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

/** The places at which the plan of `drafts` may be cut. */
function seamsOf({ phases, groupOf }: Schedule, choice: Choice, drafts: readonly DraftStage[]): Seam[] {
  return phases.flatMap(({ outputs }, index): Seam[] => {
    if (outputs.length !== 1) return [];
    const stages = drafts.findLastIndex(({ round }) => round <= index) + 1;
    return [{ stages, layout: choice.layouts.get(groupOf[outputs[0].base])! }];
  });
}

/** Packing tables of a layout in which the client packs the input as it is. */
export function orderedSources(layout: TensorLayout, ring: number): Int32Array[] {
  const sources = Array.from({ length: layout.count }, () => new Int32Array(ring).fill(-1));
  layout.ciphertext.forEach((ciphertext, e) => {
    for (let copy = 0; ciphertext >= 0 && copy < ring / layout.period; copy += 1)
      sources[ciphertext][slotAt(layout, layout.position[e], copy)] = e;
  });
  return sources;
}

/** How the ends of `plan`, which computes `graph`, are packed, and the keys that it needs. */
export function endsOf(
  graph: Graph,
  plan: Plan,
  batch: number,
  sources: readonly Int32Array[],
  { count, ciphertext, position }: Pick<TensorLayout, 'count' | 'ciphertext' | 'position'>,
): Omit<NetworkCard, 'name' | 'parameters' | 'serverLearns'> {
  const { slots, maxLevel } = plan.parameters;
  const last = plan.stages.at(-1)!;
  const outputNode = graph.nodes.find(({ id }) => id === graph.output);
  const shape = outputNode?.shape ?? graph.input.shape;
  return {
    input: {
      layout: { kind: 'gather', shape: graph.input.shape, batch, slots, sources },
      scale: plan.inputScale,
      level: plan.inputLevel ?? maxLevel,
      count: sources.length,
    },
    output: {
      layout: { kind: 'slots', shape, batch, slots, count, ciphertext, position },
      scale: last.outScale,
      level: outLevel(last),
      count,
    },
    rotationSteps: rotationSteps(plan),
    relinearize: relinearizes(plan),
  };
}

function cardOf(graph: Graph, plan: Plan, emitted: Emitted, batch: number, lastLevel: number): NetworkCard {
  const { polyModulusDegree, coeffModulusBits } = plan.parameters;
  const { sources, output } = emitted;
  assert(outLevel(plan.stages.at(-1)!) === lastLevel, 'the levels end where they should');
  return {
    name: plan.name,
    parameters: { polyModulusDegree, coeffModulusBits },
    ...endsOf(graph, plan, batch, sources, output),
    serverLearns: [`the network ${plan.name}`, `the input size ${graph.input.shape.join('×')}`],
  };
}

/** The plan of a packed segment, its card and what it will take. */
export function emitSegment({ read, prepared, batch, choice }: PackedSegment): CompiledSegment {
  const { graph, options } = read;
  const { schedule, depth, fits, magnitudes } = prepared;
  const geometry = { ring: prepared.parameters.slots / batch, batch };
  const emitted = emit(prepared, choice, geometry, options);
  const inputCount = emitted.sources.length;
  const { stages, inputScale, gains } = assignNetworkScales(
    emitted.drafts,
    prepared.parameters,
    depth,
    inputCount,
  );
  const plan = verifyPlan({
    name: graph.name,
    parameters: prepared.parameters,
    inputCount,
    inputScale,
    inputLevel: depth.drops + depth.lastLevel,
    stages,
  });
  const card = cardOf(graph, plan, emitted, batch, depth.lastLevel);
  const around = emitted.drafts.map((draft, at) => aroundStage(draft, magnitudes, gains[at]));
  return {
    plan,
    card,
    fits,
    prediction: predict(plan, card, around, options.costs, magnitudes.approximationError),
    layouts: schedule.phases.map(({ targets }) =>
      [...new Set(targets.map(({ group }) => choice.layouts.get(group)!.name))].join(' + '),
    ),
    seams: seamsOf(schedule, choice, emitted.drafts),
  };
}

// Graph → plan and model card: fold, compose, choose parameters and packing by predicted cost, lower, verify.
import { SealedError } from '../../base/errors.ts';
import { powerOfTwo } from '../../base/exact-math.ts';
import type { Graph, Tensor } from '../../model/graph.ts';
import { chooseParameters } from '../../params/choose.ts';
import type { Parameters } from '../../params/parameters.ts';
import { type CostTable, predictMs, stepCosts } from '../../plan/counts.ts';
import { type BlockShape, ciphertextCount, type GridLayout, type PatchLayout } from '../../plan/layout.ts';
import type { ModelCard } from '../../plan/model-card.ts';
import {
  type LinearStage,
  outLevel,
  type Plan,
  relinearizes,
  rotationSteps,
  type Stage,
  sumMethodOf,
} from '../../plan/plan.ts';
import { squares } from '../../plan/stages/product.ts';
import { verifyPlan } from '../../plan/verify.ts';
import type { CompiledForm } from '../form.ts';
import { predict } from '../predict.ts';
import { rescalePrimeBits, SCALES } from '../scales.ts';
import { type ChannelProgram, channelProgram } from './channel-program.ts';
import { pairedRows, payInPairs } from './complex-rows.ts';
import { lowerChannelMap } from './lower.ts';
import { type Packing, type PackingOptions, packings } from './packing.ts';
import { assignScales } from './scales.ts';
import { schedule, type Step } from './schedule.ts';
import { aroundStages, stepMagnitudes } from './step-magnitudes.ts';

/** What the compiler makes of a graph. */
export interface Compiled {
  readonly plan: Plan;
  readonly card: ModelCard;
  /** Predicted evaluation time in milliseconds on one thread, by the cost table given. */
  readonly predictedMs: number;
}

/** How to compile. */
export interface CompileOptions extends PackingOptions {
  /** Use these parameters instead of choosing some. */
  readonly parameters?: Parameters;
}

/** A program lowered in one packing: each step is one stage. */
interface Lowered {
  readonly steps: readonly Step[];
  readonly plan: Plan;
  readonly card: ModelCard;
}

/** Lowers `program` in one packing. */
function lowerProgram(
  program: ChannelProgram,
  parameters: Parameters,
  packing: Packing,
  options: CompileOptions,
): Lowered {
  const { blocks } = packing;
  // Two maps share a rescale only with scalars first, exact at a small scale: possible when a ciphertext holds one channel.
  const steps = schedule(program, blocks.blocksPerCiphertext === 1 ? 2 : 1);
  const lowered = lowerSteps(steps, parameters, packing, options.costs);
  const groups = Math.ceil(program.outputShape[0] / blocks.blocksPerCiphertext);
  const last = lowered.at(-1);
  const isComplex = options.realSlots !== true && canPair(last, groups);
  const plan = verifyPlan({
    name: program.name,
    parameters,
    inputCount: program.patches.taps.length * blocks.tiles,
    inputScale: powerOfTwo(SCALES.channels.inputBits),
    stages: isComplex ? [...lowered.slice(0, -1), inPairs(last, groups, blocks.slots)] : lowered,
  });
  return { steps, plan, card: cardOf(program, plan, blocks, isComplex) };
}

/** Whether the outputs of `stage`, `groups` of them a tile, pay in the two parts of complex slots. */
function canPair(stage: Stage | undefined, groups: number): stage is LinearStage {
  return stage?.kind === 'linear' && groups > 1 && payInPairs(stage.rows);
}

function inPairs(stage: LinearStage, groups: number, slots: number): LinearStage {
  const rows = pairedRows(stage.rows, groups, slots);
  return { ...stage, rows, method: sumMethodOf({ rows, plainScale: stage.plainScale }) };
}

function lowerSteps(
  steps: readonly Step[],
  parameters: Parameters,
  { blocks, replicated }: Packing,
  costs: CostTable,
): Stage[] {
  const scales = assignScales(steps, parameters);
  // A ciphertext of one channel for all its blocks is made by numbers alone, as one of a single block would be.
  const single: BlockShape = { ...blocks, blocksPerCiphertext: 1 };
  return steps.map((step, index): Stage => {
    const { level, inScale, plainScale, outScale } = scales[index];
    const shape = replicated && index < steps.length - 1 ? single : blocks;
    if (step.kind === 'square') {
      const count = Math.ceil(step.channels / shape.blocksPerCiphertext) * shape.tiles;
      return { kind: 'product', layers: step.layers, level, inScale, outScale, pairs: squares(count) };
    }
    const packing = index === 0 || replicated ? 'replicated' : 'blocks';
    const stepCost = stepCosts(costs, level + 1, parameters.slots);
    const rows = lowerChannelMap(step.map, shape, packing, plainScale, stepCost);
    return {
      kind: 'linear',
      layers: step.map.layers,
      level,
      inScale,
      plainScale,
      rescale: step.rescale,
      outScale,
      method: sumMethodOf({ rows, plainScale }),
      rows,
    };
  });
}

function cardOf(program: ChannelProgram, plan: Plan, blocks: BlockShape, isComplex: boolean): ModelCard {
  const input: PatchLayout = { kind: 'patches', ...program.patches, blocks };
  const output: GridLayout = {
    kind: 'grid',
    shape: program.outputShape,
    blocks,
    ...(isComplex && { isComplex }),
  };
  const last = plan.stages.at(-1)!;
  return {
    name: plan.name,
    parameters: {
      polyModulusDegree: plan.parameters.polyModulusDegree,
      coeffModulusBits: plan.parameters.coeffModulusBits,
    },
    input: {
      layout: input,
      scale: plan.inputScale,
      level: plan.parameters.maxLevel,
      count: ciphertextCount(input),
    },
    output: { layout: output, scale: last.outScale, level: outLevel(last), count: ciphertextCount(output) },
    rotationSteps: rotationSteps(plan),
    relinearize: relinearizes(plan),
    finish: program.finish,
    serverLearns: [`the network ${plan.name}`, `the input size ${program.patches.shape.join('×')}`],
  };
}

/** `program` in the packing with the least estimated time. @throws SealedError `does-not-fit` */
function lowerBest(program: ChannelProgram, options: CompileOptions): Lowered & { packing: Packing } {
  const parameters =
    options.parameters ??
    chooseParameters({ baseBits: SCALES.baseBits, rescaleBits: rescalePrimeBits(program.steps.length) });
  const [packing] = packings(program, parameters, options);
  if (!packing) {
    throw new SealedError('does-not-fit', `${program.name} does not fit the packing asked for.`, {
      stage: 'compile',
    });
  }
  return { ...lowerProgram(program, parameters, packing, options), packing };
}

/**
 * Compiles `graph`: the packing with the least estimated time wins.
 * @internal a plan alone, for tests of what follows it; the product compiles by {@link compileChannels}
 * @throws SealedError `unsupported-layer` or `does-not-fit`, naming the layer or the limit
 */
export function compile(graph: Graph, options: CompileOptions): Compiled {
  const { plan, card } = lowerBest(channelProgram(graph), options);
  return { plan, card, predictedMs: predictMs(plan, options.costs) };
}

/** How to compile a network in channel form. */
export interface ChannelsOptions extends CompileOptions {
  /** Inputs that magnitudes are taken from: asked for once the form is known to hold the network. */
  readonly samples: () => readonly Tensor[];
  /** Whether the result is a picture; by default one that ends in a depth-to-space to three channels is. */
  readonly picture?: boolean;
}

/** Splits off the renamings at the end of `graph`, which the client does. */
function splitFinish(graph: Graph, count: number): { readonly before: Graph; readonly finish: Graph } {
  const at = graph.nodes.length - count;
  const nodes = graph.nodes.slice(at);
  const output = nodes[0].inputs[0];
  const shape = graph.nodes.find(({ id }) => id === output)?.shape ?? graph.input.shape;
  return {
    before: { ...graph, nodes: graph.nodes.slice(0, at), output },
    finish: { name: `${graph.name}, client`, input: { id: output, shape }, nodes, output: graph.output },
  };
}

/**
 * Compiles `graph` in channel form.
 * @throws SealedError `unsupported-layer` or `does-not-fit`, naming the layer or the limit
 */
export function compileChannels(graph: Graph, options: ChannelsOptions): CompiledForm {
  const program = channelProgram(graph);
  const { plan, card, steps, packing } = lowerBest(program, options);
  const around = aroundStages(plan.stages, stepMagnitudes(steps, program.patches, options.samples()));
  const prediction = predict(plan, card, around, options.costs, 0);
  const { blocksPerCiphertext, tiles } = packing.blocks;
  const apart = packing.replicated ? ', from copies' : '';
  const complex = card.output.layout.isComplex === true ? ', results in complex slots' : '';
  const inTiles = tiles > 1 ? `, ${tiles} tiles` : '';
  const layout = `${blocksPerCiphertext} channels per ciphertext${apart}${inTiles}${complex}`;
  const outputShape = graph.nodes.find(({ id }) => id === graph.output)?.shape ?? graph.input.shape;
  const { finish } = program;
  const isPicture = options.picture ?? (finish.length > 0 && outputShape[0] === 3);
  const { before, finish: renaming } =
    isPicture || finish.length === 0
      ? { before: graph, finish: undefined }
      : splitFinish(graph, finish.length);
  return {
    form: 'channels',
    segments: [
      {
        plan,
        card,
        graph: before,
        client: renaming,
        kept: 0,
        outputs: [{ id: before.output }],
        fits: [],
        prediction,
        layouts: [layout],
      },
    ],
    result: isPicture ? { kind: 'picture', finish } : { kind: 'tensor', shape: outputShape },
  };
}

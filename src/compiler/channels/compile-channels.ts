// Graph → plan and model card: fold, compose, choose parameters and packing by predicted cost, lower, verify.
import { SealedError } from '../../base/errors.ts';
import type { Graph } from '../../model/graph.ts';
import { chooseParameters } from '../../params/choose.ts';
import type { Parameters } from '../../params/parameters.ts';
import { type CostTable, predictMs, stepCosts } from '../../plan/counts.ts';
import { type BlockShape, ciphertextCount, type GridLayout, type PatchLayout } from '../../plan/layout.ts';
import {
  type ModelCard,
  outLevel,
  type Plan,
  relinearizes,
  rotationSteps,
  type Stage,
} from '../../plan/plan.ts';
import { squares } from '../../plan/stages/product.ts';
import { verifyPlan } from '../../plan/verify.ts';
import { type ChannelProgram, channelProgram } from './channel-program.ts';
import { lowerChannelMap } from './lower.ts';
import { type PackingOptions, packings } from './packing.ts';
import { assignScales, rescalePrimeBits, SCALES } from './scales.ts';
import { schedule, type Step } from './schedule.ts';

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

/** Lowers `program` in one packing. */
function compileWith(
  program: ChannelProgram,
  parameters: Parameters,
  blocks: BlockShape,
  options: CompileOptions,
): Compiled {
  // Two maps share a rescale only with scalars first, exact at a small scale: possible when a ciphertext holds one channel.
  const steps = schedule(program, blocks.blocksPerCiphertext === 1 ? 2 : 1);
  const plan = verifyPlan({
    name: program.name,
    parameters,
    inputCount: program.patches.taps.length * blocks.tiles,
    inputScale: 2 ** SCALES.inputBits,
    stages: lowerSteps(steps, parameters, blocks, options.costs),
  });
  return { plan, card: cardOf(program, plan, blocks), predictedMs: predictMs(plan, options.costs) };
}

function lowerSteps(
  steps: readonly Step[],
  parameters: Parameters,
  blocks: BlockShape,
  costs: CostTable,
): Stage[] {
  const scales = assignScales(steps, parameters);
  return steps.map((step, index): Stage => {
    const { level, inScale, plainScale, outScale } = scales[index];
    if (step.kind === 'square') {
      const count = Math.ceil(step.channels / blocks.blocksPerCiphertext) * blocks.tiles;
      return { kind: 'product', layers: step.layers, level, inScale, outScale, pairs: squares(count) };
    }
    const packing = index === 0 ? 'replicated' : 'blocks';
    const stepCost = stepCosts(costs, level + 1, parameters.slots);
    const rows = lowerChannelMap(step.map, blocks, packing, plainScale, stepCost);
    return {
      kind: 'linear',
      layers: step.map.layers,
      level,
      inScale,
      plainScale,
      rescale: step.rescale,
      outScale,
      rows,
    };
  });
}

function cardOf(program: ChannelProgram, plan: Plan, blocks: BlockShape): ModelCard {
  const input: PatchLayout = { kind: 'patches', ...program.patches, blocks };
  const output: GridLayout = { kind: 'grid', shape: program.outputShape, blocks };
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

/**
 * Compiles `graph`: the packing with the least estimated time wins.
 * @throws SealedError `unsupported-layer` or `does-not-fit`, naming the layer or the limit
 */
export function compile(graph: Graph, options: CompileOptions): Compiled {
  const program = channelProgram(graph);
  const parameters =
    options.parameters ??
    chooseParameters({ baseBits: SCALES.baseBits, rescaleBits: rescalePrimeBits(program.steps.length) });
  const [best] = packings(program, parameters, options);
  if (!best) {
    throw new SealedError('does-not-fit', `${graph.name} does not fit the packing asked for.`, {
      stage: 'compile',
    });
  }
  return compileWith(program, parameters, best, options);
}

// Graph → plan and model card: fold, compose, choose parameters and packing by predicted cost, lower, verify.
import { SealedError } from '../base/errors.ts';
import type { Graph } from '../model/graph.ts';
import { chooseParameters } from '../params/choose.ts';
import type { Parameters } from '../params/parameters.ts';
import { type CostTable, predictMs } from '../plan/counts.ts';
import { type BlockShape, blockShape, ciphertextCount, type GridLayout, type PatchLayout } from '../plan/layout.ts';
import { type ModelCard, outLevel, type Plan, rotationSteps, type Stage } from '../plan/plan.ts';
import { verifyPlan } from '../plan/verify.ts';
import { type ChannelProgram, channelProgram } from './channel-program.ts';
import { lowerChannelMap } from './lower.ts';
import { assignScales, SCALES, scaledStepPrimeBits } from './scales.ts';
import { schedule, type Step } from './schedule.ts';

/** What the compiler makes of a graph. */
export interface Compiled {
  readonly plan: Plan;
  readonly card: ModelCard;
  /** Predicted evaluation time in milliseconds on one thread, by the cost table given. */
  readonly predictedMs: number;
}

/** How to compile. */
export interface CompileOptions {
  /** Measured costs of the backend that will run the plan. */
  readonly costs: CostTable;
  /** Use these parameters instead of choosing some. */
  readonly parameters?: Parameters;
  /** Use this many channels a ciphertext instead of the cheapest choice. */
  readonly blocksPerCiphertext?: number;
}

/** Lowers `program` with R = `blocksPerCiphertext`; undefined where it does not fit that way. */
function compileWith(
  program: ChannelProgram,
  blocksPerCiphertext: number,
  options: CompileOptions,
): Compiled | undefined {
  // Two maps share a rescale only with scalars first, exact at a small scale: possible when a ciphertext holds one channel.
  const steps = schedule(program, blocksPerCiphertext === 1 ? 2 : 1);
  const parameters =
    options.parameters ??
    chooseParameters({ baseBits: SCALES.baseBits, rescaleBits: scaledStepPrimeBits(steps) });
  const positions = program.patches.positions[0] * program.patches.positions[1];
  const blocks = blockShape(parameters.slots, positions, blocksPerCiphertext);
  if (!blocks) return undefined;
  const plan = verifyPlan({
    name: program.name,
    parameters,
    inputCount: program.patches.taps.length * blocks.tiles,
    inputScale: 2 ** SCALES.inputBits,
    stages: lowerSteps(steps, parameters, blocks),
  });
  return { plan, card: cardOf(program, plan, blocks), predictedMs: predictMs(plan, options.costs) };
}

function lowerSteps(steps: readonly Step[], parameters: Parameters, blocks: BlockShape): Stage[] {
  const scales = assignScales(steps, parameters);
  return steps.map((step, index): Stage => {
    const { level, inScale, plainScale, outScale } = scales[index]!;
    if (step.kind === 'square') {
      const count = Math.ceil(step.channels / blocks.blocksPerCiphertext) * blocks.tiles;
      return { kind: 'square', label: step.label, level, inScale, outScale, count };
    }
    const rows = lowerChannelMap(step.map, blocks, index === 0 ? 'replicated' : 'blocks', plainScale);
    return { kind: 'linear', label: step.map.label, level, inScale, plainScale, rescale: step.rescale, outScale, rows };
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
    input: { layout: input, scale: plan.inputScale, level: plan.parameters.maxLevel, count: ciphertextCount(input) },
    output: { layout: output, scale: last.outScale, level: outLevel(last), count: ciphertextCount(output) },
    rotationSteps: rotationSteps(plan),
    relinearize: plan.stages.some((stage) => stage.kind === 'square'),
    finish: program.finish,
    serverLearns: [`the network ${plan.name}`, `the input size ${program.patches.shape.join('×')}`],
  };
}

/**
 * Compiles `graph`: the packing with the least predicted time wins.
 * @throws SealedError `unsupported-layer` or `does-not-fit`, naming the layer or the limit
 */
export function compile(graph: Graph, options: CompileOptions): Compiled {
  const program = channelProgram(graph);
  const candidates = options.blocksPerCiphertext ? [options.blocksPerCiphertext] : [1, 2, 4, 8, 16];
  const compiled = candidates.map((blocks) => compileWith(program, blocks, options)).filter((c) => c !== undefined);
  const [best] = compiled.sort((a, b) => a.predictedMs - b.predictedMs);
  if (!best) {
    throw new SealedError('does-not-fit', `${graph.name} does not fit ${candidates.join(', ')} channels a ciphertext.`, {
      stage: 'compile',
    });
  }
  return best;
}

// Chooses how many channels share a ciphertext, by estimated time.
import type { Parameters } from '../params/parameters.ts';
import type { CostTable, OperationName } from '../plan/counts.ts';
import { type BlockShape, blockShape } from '../plan/layout.ts';
import { type ChannelMap, countTerms } from './channel-map.ts';
import type { ChannelProgram } from './channel-program.ts';
import { babyStepCount } from './lower.ts';
import { composeRun } from './schedule.ts';

/** What decides how channels are packed. */
export interface PackingOptions {
  /** Measured costs of the backend that will run the plan. */
  readonly costs: CostTable;
  /** Use this many channels a ciphertext (a power of two) instead of the cheapest choice. */
  readonly blocksPerCiphertext?: number;
}

/** The packings that fit `program`, the one with the least estimated time first. */
export function packings(
  program: ChannelProgram,
  parameters: Parameters,
  options: PackingOptions,
): BlockShape[] {
  const positions = program.patches.positions[0] * program.patches.positions[1];
  const sizes = options.blocksPerCiphertext ? [options.blocksPerCiphertext] : [1, 2, 4, 8, 16];
  return sizes
    .map((size) => blockShape(parameters.slots, positions, size))
    .filter((blocks) => blocks !== undefined)
    .map((blocks) => ({ blocks, estimateMs: estimateMs(program, parameters, blocks, options.costs) }))
    .sort((a, b) => a.estimateMs - b.estimateMs)
    .map(({ blocks }) => blocks);
}

/**
 * Milliseconds on one thread if no weight were zero: good enough to choose between packings without lowering each, which
 * would compose hundreds of fields.
 */
function estimateMs(
  { steps }: ChannelProgram,
  { maxLevel, slots }: Parameters,
  { blocksPerCiphertext, tiles }: BlockShape,
  costs: CostTable,
): number {
  let total = 0;
  for (const [index, step] of steps.entries()) {
    const counts =
      step.kind === 'square'
        ? squareCounts(step.channels, blocksPerCiphertext)
        : linearCounts(step.maps, blocksPerCiphertext, index === 0);
    for (const [operation, count] of Object.entries(counts) as [OperationName, number][]) {
      total += count * costs[operation](maxLevel - index + 1, slots);
    }
  }
  return total * tiles;
}

type Counts = Partial<Record<OperationName, number>>;

function squareCounts(channels: number, blocksPerCiphertext: number): Counts {
  const count = Math.ceil(channels / blocksPerCiphertext);
  return { square: count, relinearize: count, rescale: count };
}

function linearCounts(maps: readonly ChannelMap[], blocksPerCiphertext: number, isFirst: boolean): Counts {
  const outputs = Math.ceil(maps.at(-1)!.rows.length / blocksPerCiphertext);
  if (blocksPerCiphertext === 1) {
    const terms = composeRun(maps, 2).map(countTerms);
    const sum = (kind: 'scalars' | 'fields'): number =>
      terms.reduce((total, counts) => total + counts[kind], 0);
    return { multiplyScalar: sum('scalars'), multiplyPlain: sum('fields'), rescale: outputs };
  }
  // The first map's inputs are replicated over the blocks, later ones must be rotated to meet each other.
  const inputs = isFirst ? maps[0].inputs : Math.ceil(maps[0].inputs / blocksPerCiphertext);
  const shifts = isFirst ? 1 : blocksPerCiphertext;
  const baby = babyStepCount(shifts, inputs, outputs);
  const rotate = inputs * (baby - 1) + outputs * (shifts / baby - 1);
  return { multiplyPlain: outputs * inputs * shifts, rotate, rescale: outputs };
}

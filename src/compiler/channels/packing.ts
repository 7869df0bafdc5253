// Chooses how many channels share a ciphertext, by estimated time.
import type { Parameters } from '../../params/parameters.ts';
import { type CostTable, type OperationName, stepCosts } from '../../plan/counts.ts';
import { type BlockShape, blockShape } from '../../plan/layout.ts';
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
    const primes = maxLevel - index + 1;
    const cost = (operation: OperationName, count = 0): number => count * costs[operation](primes, slots);
    if (step.kind === 'square') {
      const count = Math.ceil(step.channels / blocksPerCiphertext);
      total += cost('square', count) + cost('relinearize', count) + cost('rescale', count);
      continue;
    }
    const { scalars, fields, outputs } = linearCounts(step.maps, blocksPerCiphertext, index === 0);
    total += cost('multiplyScalar', scalars) + cost('multiplyPlain', fields) + cost('rescale', outputs);
    if (blocksPerCiphertext > 1 && index > 0) {
      const inputs = Math.ceil(step.maps[0].inputs / blocksPerCiphertext);
      total += rotationsMs(inputs, outputs, blocksPerCiphertext, costs, primes, slots);
    }
  }
  return total * tiles;
}

/** Products and outputs of a run of maps. */
interface LinearCounts {
  readonly scalars: number;
  readonly fields: number;
  readonly outputs: number;
}

function linearCounts(
  maps: readonly ChannelMap[],
  blocksPerCiphertext: number,
  isFirst: boolean,
): LinearCounts {
  const outputs = Math.ceil(maps.at(-1)!.rows.length / blocksPerCiphertext);
  if (blocksPerCiphertext === 1) {
    const terms = composeRun(maps, 2).map(countTerms);
    const sum = (kind: 'scalars' | 'fields'): number =>
      terms.reduce((total, counts) => total + counts[kind], 0);
    return { scalars: sum('scalars'), fields: sum('fields'), outputs };
  }
  // The first map's inputs are replicated over the blocks; later ones are rotated so that each block meets each.
  const inputs = isFirst
    ? maps[0].inputs
    : Math.ceil(maps[0].inputs / blocksPerCiphertext) * blocksPerCiphertext;
  return { scalars: 0, fields: outputs * inputs, outputs };
}

/** Rotating `inputs` ciphertexts by whole blocks, so that each of `outputs` sums meets every block of every input. */
function rotationsMs(
  inputs: number,
  outputs: number,
  blocksPerCiphertext: number,
  costs: CostTable,
  primes: number,
  slots: number,
): number {
  const steps = stepCosts(costs, primes, slots);
  const baby = babyStepCount(blocksPerCiphertext, inputs, outputs, steps);
  const babies = inputs * (baby - 1);
  const rotating = babies * steps.baby + outputs * (blocksPerCiphertext / baby - 1) * steps.giant;
  // Half of it for decomposing each input, half for the divisions: of the sums, or of the rotations where they are fewer.
  const hoist = costs.hoist(primes, slots);
  return rotating + (hoist / 2) * (inputs + Math.min(outputs, babies));
}

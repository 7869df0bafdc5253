// Chooses how many channels share a ciphertext, by estimated time.
import type { Parameters } from '../../params/parameters.ts';
import { type CostTable, type OperationName, stepCosts } from '../../plan/counts.ts';
import { type BlockShape, blockShape } from '../../plan/layout.ts';
import { weighedKeysMs } from '../price.ts';
import type { Preference, PriceWeights } from '../../plan/preference.ts';
import { type ChannelMap, countTerms, type Weight } from './channel-map.ts';
import type { ChannelProgram } from './channel-program.ts';
import { babyStepCount } from './lower.ts';
import { composeRun } from './schedule.ts';

/** What decides how channels are packed. */
export interface PackingOptions {
  /** Measured costs of the backend that will run the plan. */
  readonly costs: CostTable;
  /** Use this many channels a ciphertext (a power of two) instead of the cheapest choice. */
  readonly blocksPerCiphertext?: number;
  /** Whether values stand in the real parts of slots alone: Microsoft SEAL's wrapper knows no others. */
  readonly realSlots?: boolean;
  /** What keys count for; `balanced` unless given. */
  readonly prefer?: Preference | PriceWeights;
}

/** How the channels of a program lie in ciphertexts. */
export interface Packing {
  readonly blocks: BlockShape;
  /**
   * Whether every ciphertext before the last map holds one channel, copied to all its blocks: more squares, and no rotation,
   * so no rotation key. Otherwise channels share ciphertexts all the way.
   */
  readonly replicated: boolean;
}

/** The packings that fit `program`, the one with the least estimated time first. */
export function packings(
  program: ChannelProgram,
  parameters: Parameters,
  options: PackingOptions,
): Packing[] {
  const positions = program.patches.positions[0] * program.patches.positions[1];
  const sizes = options.blocksPerCiphertext ? [options.blocksPerCiphertext] : [1, 2, 4, 8, 16];
  return sizes
    .map((size) => blockShape(parameters.slots, positions, size))
    .filter((blocks) => blocks !== undefined)
    .flatMap((blocks) => {
      const mayReplicate = blocks.blocksPerCiphertext > 1 && isReplicable(program);
      return (mayReplicate ? [false, true] : [false]).map((replicated) => ({ blocks, replicated }));
    })
    .map((packing) => ({ packing, estimateMs: estimateMs(program, parameters, packing, options) }))
    .sort((a, b) => a.estimateMs - b.estimateMs)
    .map(({ packing }) => packing);
}

/** Whether all maps but the last step's are the same at every position: their numbers do for every block alike. */
function isReplicable({ steps }: ChannelProgram): boolean {
  const isNumber = (weight: Weight): boolean => typeof weight === 'number';
  return (
    steps.length > 1 &&
    steps
      .slice(0, -1)
      .every(
        (step) =>
          step.kind === 'square' ||
          step.maps.every(({ rows }) =>
            rows.every(({ terms, bias }) => isNumber(bias) && terms.every(({ weight }) => isNumber(weight))),
          ),
      ) &&
    steps.at(-1)!.kind === 'linear'
  );
}

/**
 * Milliseconds on one thread if no weight were zero, and what the keys count for: good enough to choose between packings
 * without lowering each, which would compose hundreds of fields.
 */
function estimateMs(
  { steps }: ChannelProgram,
  parameters: Parameters,
  { blocks, replicated }: Packing,
  { costs, prefer = 'balanced', realSlots = false }: PackingOptions,
): number {
  const { maxLevel, slots } = parameters;
  const { blocksPerCiphertext, tiles } = blocks;
  let total = 0;
  let rotates = false;
  for (const [index, step] of steps.entries()) {
    const primes = maxLevel - index + 1;
    const cost = (operation: OperationName, count = 0): number => count * costs[operation](primes, slots);
    const isLast = index === steps.length - 1;
    const perCiphertext = replicated && !isLast ? 1 : blocksPerCiphertext;
    if (step.kind === 'square') {
      const count = Math.ceil(step.channels / perCiphertext);
      total += cost('square', count) + cost('relinearize', count) + cost('rescale', count);
      continue;
    }
    const isSpread = index === 0 || replicated;
    const counts = linearCounts(step.maps, perCiphertext, isSpread);
    const { scalars, fields, outputs } = isLast && !realSlots ? inPairs(counts) : counts;
    total += cost('multiplyScalar', scalars) + cost('multiplyPlain', fields) + cost('rescale', outputs);
    if (perCiphertext > 1 && !isSpread) {
      rotates = true;
      const inputs = Math.ceil(step.maps[0].inputs / perCiphertext);
      total += rotationsMs(inputs, outputs, perCiphertext, costs, primes, slots);
    }
  }
  const squares = steps.some(({ kind }) => kind === 'square');
  return total * tiles + weighedKeysMs(rotates ? blocksPerCiphertext - 1 : 0, squares, parameters, prefer);
}

/** Products and outputs of a run of maps. */
interface LinearCounts {
  readonly scalars: number;
  readonly fields: number;
  readonly outputs: number;
}

/** The same where two outputs share the two parts of complex slots, if that pays. */
function inPairs(counts: LinearCounts): LinearCounts {
  const { scalars, fields, outputs } = counts;
  if (outputs === 1 || fields < scalars) return counts;
  return { scalars: 0, fields: (fields + scalars) / 2, outputs: Math.ceil(outputs / 2) };
}

function linearCounts(
  maps: readonly ChannelMap[],
  blocksPerCiphertext: number,
  isSpread: boolean,
): LinearCounts {
  const outputs = Math.ceil(maps.at(-1)!.rows.length / blocksPerCiphertext);
  if (blocksPerCiphertext === 1) {
    const terms = composeRun(maps, 2).map(countTerms);
    const sum = (kind: 'scalars' | 'fields'): number =>
      terms.reduce((total, counts) => total + counts[kind], 0);
    return { scalars: sum('scalars'), fields: sum('fields'), outputs };
  }
  // Inputs that are copied to all blocks meet every output as they are; others are rotated so that each block meets each.
  const inputs = isSpread
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

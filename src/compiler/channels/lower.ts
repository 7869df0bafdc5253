// Channel maps → rows of diagonals for a given block shape, with baby and giant steps chosen by what they cost.
import type { BlockShape } from '../../plan/layout.ts';
import { tileRange } from '../../plan/layout.ts';
import type { StepCosts } from '../../plan/counts.ts';
import type { Diagonal, LinearRow, RotatedSum, Term } from '../../plan/plan.ts';
import type { RealDiagonal } from '../../plan/stages/linear-rows.ts';
import { encodesToZero, leastFactor } from '../../plan/zero-rule.ts';
import type { ChannelMap, Weight } from './channel-map.ts';

/** How the input of a map lies: one channel after the other in blocks, or each channel copied to every block. */
export type InputPacking = 'blocks' | 'replicated';

interface Lowering {
  readonly map: ChannelMap;
  readonly blocks: BlockShape;
  readonly packing: InputPacking;
  readonly plainScale: number;
  readonly costs: StepCosts;
  /** Sparse lookup: weight of input channel i in output channel o. */
  readonly weights: readonly ReadonlyMap<number, Weight>[];
}

/**
 * Rows of a linear stage that computes `map` on ciphertexts packed in `blocks`, tile by tile.
 * `costs` decide which rotations are baby steps. Diagonals that would encode to zero at `plainScale` are left out.
 */
export function lowerChannelMap(
  map: ChannelMap,
  blocks: BlockShape,
  packing: InputPacking,
  plainScale: number,
  costs: StepCosts,
): LinearRow[] {
  const weights = map.rows.map((row) => new Map(row.terms.map((term) => [term.input, term.weight])));
  const lowering = { map, blocks, packing, plainScale, costs, weights };
  const groups = Math.ceil(map.rows.length / blocks.blocksPerCiphertext);
  const rows: LinearRow[] = [];
  for (let tile = 0; tile < blocks.tiles; tile += 1) {
    for (let group = 0; group < groups; group += 1) rows.push(lowerRow(lowering, tile, group));
  }
  return rows;
}

/** Input ciphertexts a tile has. */
function inputsPerTile({ map, blocks, packing }: Lowering): number {
  return packing === 'replicated' ? map.inputs : Math.ceil(map.inputs / blocks.blocksPerCiphertext);
}

function lowerRow(lowering: Lowering, tile: number, group: number): LinearRow {
  const { map, blocks, packing, costs } = lowering;
  const R = blocks.blocksPerCiphertext;
  const inputs = inputsPerTile(lowering);
  const shifts = packing === 'replicated' ? 1 : R;
  const babySteps = babyStepCount(shifts, inputs, Math.ceil(map.rows.length / R), costs);
  const sums: RotatedSum[] = [];
  for (let giant = 0; giant < shifts; giant += babySteps) {
    const terms: Term[] = [];
    for (let input = 0; input < inputs; input += 1) {
      for (let baby = 0; baby < babySteps; baby += 1) {
        const channelOf = (block: number): number =>
          packing === 'replicated' ? input : input * R + ((block + giant + baby) % R);
        const diagonal = blockDiagonal(lowering, tile, group, channelOf, giant * blocks.blockSlots);
        if (diagonal) terms.push({ input: tile * inputs + input, step: baby * blocks.blockSlots, diagonal });
      }
    }
    if (terms.length > 0) sums.push({ giantStep: giant * blocks.blockSlots, terms });
  }
  if (sums.length === 0) {
    // All weights vanish: the smallest scalar that encodes keeps the ciphertext from being transparent.
    const diagonal = leastFactor(lowering.plainScale);
    sums.push({ giantStep: 0, terms: [{ input: tile * inputs, step: 0, diagonal }] });
  }
  const bias = blockVector(lowering, tile, group, (o) => map.rows[o].bias);
  return { sums, bias: isZeroDiagonal(bias) ? undefined : bias };
}

/**
 * How many of `shifts` (a power of two) block rotations are baby steps. A baby step rotates each of `inputs`
 * ciphertexts once for all rows, a giant step each of `outputs` once: take the cheapest split.
 */
export function babyStepCount(shifts: number, inputs: number, outputs: number, costs: StepCosts): number {
  let best = shifts;
  let least = Infinity;
  for (let baby = shifts; baby >= 1; baby /= 2) {
    const cost = inputs * (baby - 1) * costs.baby + outputs * (shifts / baby - 1) * costs.giant;
    if (cost < least) [best, least] = [baby, cost];
  }
  return best;
}

function isZeroDiagonal(diagonal: RealDiagonal): boolean {
  return diagonal.kind === 'scalar' ? diagonal.value === 0 : diagonal.values.every((value) => value === 0);
}

/** The diagonal whose block b multiplies channel `channelOf(b)`, rotated back by the giant step; undefined if zero. */
function blockDiagonal(
  lowering: Lowering,
  tile: number,
  group: number,
  channelOf: (block: number) => number,
  giantStep: number,
): Diagonal | undefined {
  const R = lowering.blocks.blocksPerCiphertext;
  const firstChannel = group * R;
  const diagonal = blockVector(
    lowering,
    tile,
    group,
    (o) => lowering.weights[o].get(channelOf(o - firstChannel)) ?? 0,
  );
  if (encodesToZero(diagonal, lowering.plainScale)) return undefined;
  if (diagonal.kind === 'scalar' || giantStep === 0) return diagonal;
  const { values } = diagonal;
  const rotated = new Float32Array(values.length);
  rotated.set(values.subarray(values.length - giantStep));
  rotated.set(values.subarray(0, values.length - giantStep), giantStep);
  return { kind: 'vector', values: rotated };
}

/**
 * `weightOf(o)` for every channel o of `group`, laid over the slots of `tile`. A single number where no slot that
 * matters has another: slots beyond the tile's positions are don't-care.
 */
function blockVector(
  { map, blocks }: Lowering,
  tile: number,
  group: number,
  weightOf: (o: number) => Weight,
): RealDiagonal {
  const R = blocks.blocksPerCiphertext;
  const weights = Array.from({ length: R }, (_, b) => {
    const o = group * R + b;
    return o < map.rows.length ? weightOf(o) : undefined;
  });
  const used = weights.filter((w) => w !== undefined);
  const [first] = used;
  if (typeof first === 'number' && used.every((w) => w === first)) return { kind: 'scalar', value: first };
  const values = new Float32Array(blocks.slots);
  const [begin, end] = tileRange(blocks, map.positions, tile);
  weights.forEach((weight, block) => {
    if (weight === undefined) return;
    const at = block * blocks.blockSlots;
    if (typeof weight === 'number') values.fill(weight, at, at + end - begin);
    else values.set(weight.subarray(begin, end), at);
  });
  return { kind: 'vector', values };
}

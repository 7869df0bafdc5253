// Levels and exact scales of draft stages, and the parameters that hold them.
import { SealedError } from '../../base/errors.ts';
import { log2, pow, powerOfTwo } from '../../base/exact-math.ts';
import { chooseParameters } from '../../params/choose.ts';
import type { Parameters } from '../../params/parameters.ts';
import { type LinearRow, type Stage, sumMethodOf } from '../../plan/plan.ts';
import { encodesToZero, leastFactor } from '../../plan/zero-rule.ts';
import { type Carried, carryOn } from './carry.ts';
import type { DraftStage } from './emit-round.ts';
import type { Schedule } from './phases.ts';
import { rescalePrimeBits, scaleBackward, SCALES, type StageScale } from '../scales.ts';

/** What a network needs of its parameters. */
export interface Depth {
  /** Primes that are dropped. */
  readonly drops: number;
  /** Level of the result: 0, or 1 where its values are so large that one prime would leave too few bits for their scale. */
  readonly lastLevel: number;
  /** Scale of the result. */
  readonly outputScale: number;
}

/**
 * Depth of `schedule` for results up to `largest` in absolute value.
 * @param given parameters that are not to be chosen: their own primes are what the result must fit
 */
export function depthOf(schedule: Schedule, largest: number, given?: Parameters): Depth {
  const [baseBits, lastPrimeBits = 0] = given?.coeffModulusBits ?? [SCALES.baseBits, SCALES.lastPrimeBits];
  const drops = schedule.phases.reduce(
    (sum, { isFree, hasProducts }) => sum + (isFree ? 0 : 1) + (hasProducts ? 1 : 0),
    0,
  );
  const magnitude = Math.max(0, log2(Math.max(largest, 1e-9)));
  const room = baseBits - SCALES.headroomBits - magnitude;
  if (room >= SCALES.leastOutputBits) {
    return { drops, lastLevel: 0, outputScale: pow(2, Math.min(room, SCALES.outputBits)) };
  }
  const wider = room + lastPrimeBits;
  if (wider < SCALES.leastOutputBits) {
    throw new SealedError(
      'does-not-fit',
      'The results are too large for any scale: divide the last layer by a constant.',
      {
        stage: 'compile',
      },
    );
  }
  return { drops, lastLevel: 1, outputScale: pow(2, Math.min(wider, SCALES.outputBits)) };
}

function smallestParameters({ drops, lastLevel }: Depth): Parameters {
  const rescaleBits = rescalePrimeBits(drops, lastLevel);
  return chooseParameters({ baseBits: SCALES.baseBits, rescaleBits });
}

/**
 * The smallest secure parameters for `depth`.
 * @throws SealedError `does-not-fit` naming the layer at which the levels run out
 */
export function parametersFor(schedule: Schedule, depth: Depth): Parameters {
  try {
    return smallestParameters(depth);
  } catch (error) {
    if (!(error instanceof SealedError) || error.code !== 'does-not-fit') throw error;
    let drops = depth.lastLevel;
    for (const { isFree, hasProducts, layers } of schedule.phases) {
      const here = (isFree ? 0 : 1) + (hasProducts ? 1 : 0);
      if (here > 0 && !holds({ ...depth, drops: drops + here })) {
        const layer = layers.join(', ');
        throw new SealedError(
          'does-not-fit',
          `The network needs ${depth.drops} levels; they run out at layer ${layer}.`,
          { stage: 'compile', detail: { layer, levels: depth.drops } },
        );
      }
      drops += here;
    }
    throw error;
  }
}

function holds(depth: Depth): boolean {
  try {
    smallestParameters(depth);
    return true;
  } catch {
    return false;
  }
}

/** Data primes at the linear stage of each round. */
export function primesByRound(schedule: Schedule, { drops, lastLevel }: Depth): number[] {
  let primes = drops + lastLevel + 1;
  return schedule.phases.map(({ isFree, hasProducts }) => {
    const here = primes;
    primes -= (isFree ? 0 : 1) + (hasProducts ? 1 : 0);
    return here;
  });
}

function dropsPrime(draft: DraftStage): boolean {
  return draft.kind === 'product' || draft.rescale;
}

/** Stages with levels and scales. */
export interface ScaledStages {
  readonly stages: readonly Stage[];
  readonly inputScale: number;
  /** How many times what it should be each input of each stage is, see {@link carryOn}. */
  readonly gains: Carried['gains'];
}

/**
 * `drafts` with levels and scales, found backward from the result's: a product wants its inputs at the root of what its
 * output must be, diagonals take up what lies between the policy's scale and the next stage's.
 * @param inputCount ciphertexts that the first one reads
 */
export function assignNetworkScales(
  drafts: readonly DraftStage[],
  parameters: Parameters,
  { outputScale, lastLevel }: Depth,
  inputCount: number,
): ScaledStages {
  const scales = scaleBackward(
    drafts.map(dropsPrime),
    parameters,
    { level: lastLevel, scale: outputScale },
    (index, product) => {
      const draft = drafts[index];
      if (draft.kind === 'product') return Math.sqrt(product);
      return draft.isScaled ? valueScale(product) : product;
    },
  );
  const carried = carryOn(drafts, scales, inputCount);
  const stages = carried.drafts.map((draft, at) => stageOf(draft, scales[at]));
  return { stages, inputScale: scales[0].inScale, gains: carried.gains };
}

/** Scale of the inputs of a stage with diagonals, given that of its products. */
function valueScale(product: number): number {
  return Math.min(powerOfTwo(SCALES.general.valueBits), product / powerOfTwo(SCALES.general.leastPlainBits));
}

function stageOf(draft: DraftStage, { level, inScale, plainScale, outScale }: StageScale): Stage {
  const { layers } = draft;
  if (draft.kind === 'product') {
    return { kind: 'product', layers, level, inScale, outScale, pairs: draft.pairs };
  }
  const rows = draft.rows.map((row) => withoutVanishing(row, plainScale));
  const { part, rescale, giantUnit } = draft;
  const method = draft.method ?? sumMethodOf({ rows, plainScale, giantUnit });
  return {
    kind: 'linear',
    layers,
    ...(part && { part }),
    level,
    inScale,
    plainScale,
    rescale,
    outScale,
    method,
    ...(method === 'chained' && giantUnit !== undefined && { giantUnit }),
    rows,
  };
}

/** `row` without diagonals that would encode to zero; one with none left keeps the smallest scalar that encodes. */
function withoutVanishing(row: LinearRow, plainScale: number): LinearRow {
  const sums = row.sums
    .map(({ giantStep, terms }) => ({
      giantStep,
      terms: terms.filter(({ diagonal }) => !encodesToZero(diagonal, plainScale)),
    }))
    .filter(({ terms }) => terms.length > 0);
  if (sums.length > 0) return { sums, bias: row.bias };
  // A ciphertext times nothing would be transparent: it hides nothing, and SEAL refuses it.
  const term = { input: 0, step: 0, diagonal: leastFactor(plainScale) };
  return { sums: [{ giantStep: 0, terms: [term] }], bias: row.bias };
}

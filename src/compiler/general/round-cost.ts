// What a round costs in given layouts, without filling in a single diagonal: the compiler's search asks this often.
import { log2 } from '../../base/exact-math.ts';
import { type CostTable, stepCosts } from '../../plan/counts.ts';
import type { SearchPrices } from '../price.ts';
import {
  findDiagonals,
  inputPeriod,
  mergeInputs,
  type Placed,
  type StageTarget,
  workPeriod,
} from './diagonals.ts';
import { boundGather, boundTables, countGather, GatherSource } from './gather.ts';
import type { Phase } from './phases.ts';
import { chooseSplit, type RotationCosts, type Split } from './rotation-split.ts';
import type { SearchTables } from './search-tables.ts';
import { identityFactor } from './sparse-map.ts';
import type { TensorLayout } from './tensor-layout.ts';

/** Which input ciphertexts a round adds up first; worked out once for all layouts of its targets. */
export class Merges {
  readonly #ring: number;
  readonly #known = new Map<Phase, Map<State, Int32Array>>();

  constructor(ring: number) {
    this.#ring = ring;
  }

  /** The ciphertext that stands for each one of `state` in `phase`. */
  of(phase: Phase, state: State): Int32Array {
    const known = this.#known.get(phase) ?? new Map<State, Int32Array>();
    this.#known.set(phase, known);
    let representative = known.get(state);
    if (!representative) {
      representative = phase.isFree
        ? Int32Array.from({ length: state.count }, (_, i) => i)
        : mergeInputs(phase.columns, state.placed, state.count, this.#ring);
      known.set(state, representative);
    }
    return representative;
  }
}

/** What every estimate needs: the ring, the backend's costs, and the limits. */
export interface Surroundings {
  readonly ring: number;
  readonly merges: Merges;
  readonly tables: SearchTables;
  readonly slots: number;
  readonly costs: CostTable;
  readonly prices: SearchPrices;
  /** Most bytes of encoded diagonals in one stage. */
  readonly mostBytes: number;
}

/** The ciphertexts before a round. */
export interface State {
  readonly placed: ReadonlyMap<number, Placed>;
  readonly count: number;
}

/** An estimate, with the choices that emission must repeat. */
export interface Estimate {
  readonly ms: number;
  /** Bytes of encoded diagonals. */
  readonly bytes: number;
  readonly split: Split | undefined;
  readonly spread: number;
}

/** Costs of rotations at `primes` data primes. */
export function rotationCosts(
  { costs, slots, prices }: Pick<Surroundings, 'costs' | 'slots' | 'prices'>,
  primes: number,
): RotationCosts {
  const steps = stepCosts(costs, primes, slots);
  return { ...steps, key: prices.key(primes), again: steps.baby + costs.hoist(primes, slots) };
}

/** Bytes of one encoded diagonal. */
function diagonalBytes(slots: number, primes: number): number {
  return 2 * slots * 4 * primes;
}

/** The round's targets in the layouts of their groups. */
export function stageTargets(phase: Phase, layoutOf: (group: number) => TensorLayout): StageTarget[] {
  return phase.targets.map(({ affine, group, used }) => ({ affine, used, layout: layoutOf(group) }));
}

/** Cost of folding, rescaling and multiplying, common to both kinds of linear stage. */
function commonMs(
  phase: Phase,
  targets: readonly StageTarget[],
  work: readonly number[],
  around: Surroundings,
  primes: number,
): number {
  const { costs, slots } = around;
  let ms = 0;
  targets.forEach(({ layout }, i) => {
    ms += layout.count * log2(work[i] / layout.period) * costs.rotate(primes, slots);
    if (!phase.isFree) ms += layout.count * costs.rescale(primes, slots);
  });
  if (!phase.hasProducts) return ms;
  const at = phase.isFree ? primes : primes - 1;
  for (const { left, right } of phase.outputs) {
    // What is carried on is only seldom multiplied.
    if (right === undefined) continue;
    const { count } = targets[left].layout;
    ms += count * (costs.square(at, slots) + costs.relinearize(at, slots) + costs.rescale(at, slots));
  }
  return ms;
}

/**
 * Estimates a round on ciphertexts that are there already.
 * @param mostMs what is dearer is of no use
 * @returns undefined if it takes too many diagonals, or is dearer
 */
export function estimateRound(
  phase: Phase,
  targets: readonly StageTarget[],
  state: State,
  around: Surroundings,
  primes: number,
  stride: number,
  mostMs: number,
): Estimate | undefined {
  const { ring, slots, costs, tables } = around;
  tables.work.priced += 1;
  // What costs nothing to count comes first: it may be too much already.
  const work = targets.map((target) => workPeriod(target, state.placed, ring));
  let scalars = 0;
  for (const { affine, layout } of targets) {
    for (const { base, matrix } of affine.parts) {
      if (state.placed.get(base)!.layout === layout && identityFactor(matrix) !== undefined)
        scalars += layout.count;
    }
  }
  // Nearly every round on ciphertexts that are there rotates them, hence is hoisted.
  const plain = costs.multiplyHoisted(primes, slots);
  const common = scalars * plain + commonMs(phase, targets, work, around, primes);
  if (common > mostMs) return undefined;
  const representative = around.merges.of(phase, state);
  const inputs = { ring, count: state.count, placed: state.placed, representative };
  const most = Math.floor(
    Math.min(around.mostBytes / diagonalBytes(slots, primes), (mostMs - common) / plain + 1),
  );
  const shape = findDiagonals(targets, inputs, most, stride, tables);
  if (!shape) return undefined;
  const split = chooseSplit(
    shape,
    { ring, period: inputPeriod(state.placed, ring) },
    rotationCosts(around, primes),
    tables,
  );
  const diagonals = shape.shifts.length;
  const isRotated = split.babies + split.giants > 0;
  const rows = targets.reduce((sum, { layout }) => sum + layout.count, 0);
  const hoists = isRotated ? Math.min(split.babies, new Set(shape.inputs).size) + rows : 0;
  const ms = split.ms + diagonals * plain + common + (hoists / 2) * costs.hoist(primes, slots);
  return { ms, bytes: diagonals * diagonalBytes(slots, primes), split, spread: 1 };
}

/** Numbers of copies by which a first round may be dealt out, with the least that each can cost, the cheapest first. */
export interface GatherWays {
  readonly source: GatherSource;
  readonly ways: readonly {
    readonly spread: number;
    readonly leastTables: number;
    readonly leastMs: number;
  }[];
}

/** The ways to do the first round on gathered inputs. */
export function gatherWays(
  phase: Phase,
  targets: readonly StageTarget[],
  around: Surroundings,
  primes: number,
): GatherWays {
  const { ring, slots, costs } = around;
  const source = new GatherSource(targets, ring, around.tables.work);
  const [plain, scalar] = [costs.multiplyPlain(primes, slots), costs.multiplyScalar(primes, slots)];
  const most = Math.floor(around.mostBytes / diagonalBytes(slots, primes));
  const least = Math.min(...targets.map(({ layout }) => layout.period));
  const ways = [];
  for (let spread = 1; spread <= ring / least; spread *= 2) {
    const { tables, products, work } = boundGather(source, spread);
    if (tables > most) continue;
    const common = commonMs(phase, targets, work, around, primes);
    const ms = tables * around.prices.input(primes) + products * Math.min(plain, scalar) + common;
    // It is added up in another order than the estimate: the last bits may differ.
    ways.push({ spread, leastTables: tables, leastMs: ms * (1 - 1e-12) });
  }
  return { source, ways: ways.sort((a, b) => a.leastMs - b.leastMs) };
}

/**
 * The cheapest of `ways`, looking at entries only where the bound leaves it open.
 * @returns undefined if none holds, or none is as cheap as `mostMs`
 */
export function estimateGather(
  phase: Phase,
  targets: readonly StageTarget[],
  { source, ways }: GatherWays,
  around: Surroundings,
  primes: number,
  mostMs: number,
): Estimate | undefined {
  const { slots, costs } = around;
  const [plain, scalar] = [costs.multiplyPlain(primes, slots), costs.multiplyScalar(primes, slots)];
  const most = Math.floor(around.mostBytes / diagonalBytes(slots, primes));
  let best: Estimate | undefined;
  around.tables.work.priced += ways.length;
  for (const { spread, leastMs, leastTables } of ways) {
    const limit = best?.ms ?? mostMs;
    if (leastMs > limit) break;
    const more = boundTables(source, spread) - leastTables;
    if (leastMs + more * around.prices.input(primes) * (1 - 1e-12) > limit) continue;
    const { tables, vectors, scalars, work } = countGather(source, spread);
    const bytes = vectors * diagonalBytes(slots, primes);
    if (tables > most || bytes > around.mostBytes) continue;
    const common = commonMs(phase, targets, work, around, primes);
    const ms = tables * around.prices.input(primes) + vectors * plain + scalars * scalar + common;
    if (!best || ms < best.ms || (ms === best.ms && spread < best.spread)) {
      best = { ms, bytes, split: undefined, spread };
    }
  }
  return best && best.ms <= mostMs ? best : undefined;
}

// The search for layouts: round by round, the few cheapest ways so far are kept (a beam).
import { SealedError } from '../../base/errors.ts';
import { elementCount, type Shape } from '../../model/graph.ts';
import type { Placed, StageTarget } from './diagonals.ts';
import { type Phase, INPUT, type Schedule } from './phases.ts';
import {
  type Estimate,
  estimateGather,
  estimateRound,
  gatherWays,
  stageTargets,
  type State,
  type Surroundings,
} from './round-cost.ts';
import { skewsOf } from './skew.ts';
import { periodsOf, suits } from './skew-choices.ts';
import { jointFamily, ownPitches, powerOfTwo, type TensorLayout } from './tensor-layout.ts';

/** How one round is done. */
export interface RoundChoice {
  readonly estimate: Estimate;
  /** Layout of the input where the client packs it in order; undefined where it gathers. */
  readonly inputLayout: TensorLayout | undefined;
}

/** A way through all rounds. */
export interface Choice {
  readonly layouts: ReadonlyMap<number, TensorLayout>;
  readonly rounds: readonly RoundChoice[];
  readonly ms: number;
  readonly bytes: number;
}

interface Path extends Choice {
  readonly state: State;
  /** The round that led here; undefined at the start. */
  readonly last?: LastRound;
}

/** A round, and what stood before it. */
interface LastRound {
  readonly phase: Phase;
  readonly before: Path;
  /** The ciphertexts that it reads. */
  readonly state: State;
  readonly primes: number;
}

// Ways kept after each round, and how many are looked at in full.
const BEAM = 4;
const FULL_LOOKS = 8;
// Layouts tried for an input that is packed in order.
const INPUT_LAYOUTS = 3;
// Entries an estimate looks at; larger maps are sampled by rows first.
const SAMPLED_ENTRIES = 25_000;
// Entries that the last look at the best few takes: what a layer of millions has shows in some hundred thousand.
const LOOKED_ENTRIES = 250_000;
// A large first round is counted as gathered where that may be no dearer than so many times the cheapest in order.
const WORTH_GATHERING = 1.2;

/** The state after a round whose outputs have these layouts. */
function stateAfter(phase: Phase, targets: readonly StageTarget[]): State {
  const placed = new Map<number, Placed>();
  let count = 0;
  if (phase.hasProducts) {
    for (const { base, left } of phase.outputs) {
      placed.set(base, { layout: targets[left].layout, first: count });
      count += targets[left].layout.count;
    }
    return { placed, count };
  }
  const first = targets.map(({ layout }) => {
    count += layout.count;
    return count - layout.count;
  });
  for (const { base, left } of phase.outputs) {
    placed.set(base, { layout: targets[left].layout, first: first[left] });
  }
  return { placed, count };
}

/** The layouts of a round's groups: those known, and for the new ones every member of the first one's family. */
function layoutChoices(
  phase: Phase,
  known: ReadonlyMap<number, TensorLayout>,
  families: ReadonlyMap<number, readonly TensorLayout[]>,
): ReadonlyMap<number, TensorLayout>[] {
  const fresh = [...new Set(phase.targets.map(({ group }) => group))].filter((group) => !known.has(group));
  if (fresh.length === 0) return [known];
  const leader = fresh.reduce((a, b) => (families.get(b)!.length > families.get(a)!.length ? b : a));
  return families.get(leader)!.map((layout) => {
    const layouts = new Map(known);
    for (const group of fresh) {
      const family = families.get(group)!;
      layouts.set(group, family.find(({ name }) => name === layout.name) ?? family[0]);
    }
    return layouts;
  });
}

interface Candidate {
  readonly path: Path;
  readonly layouts: ReadonlyMap<number, TensorLayout>;
  readonly targets: readonly StageTarget[];
  readonly state: State;
  readonly inputLayout: TensorLayout | undefined;
  readonly estimate: Estimate;
}

function entriesOf(phase: Phase): number {
  let entries = 0;
  for (const { affine } of phase.targets)
    for (const { matrix } of affine.parts) entries += matrix.columns.length;
  return entries;
}

/** How many rows an estimate goes on by, so that it looks at about `sampled` entries. */
function strideFor(phase: Phase, sampled: number): number {
  const entries = entriesOf(phase);
  // Odd, so that it does not fall in step with channels or rows.
  return entries <= sampled ? 1 : 2 * Math.floor(entries / sampled / 2) + 1;
}

/** The layouts of a round's groups, with what they make of its targets. */
interface Layouts {
  readonly layouts: ReadonlyMap<number, TensorLayout>;
  readonly targets: readonly StageTarget[];
}

/**
 * The first round on gathered inputs, in each of `choices`; undefined where it does not fit or is dearer than
 * {@link FULL_LOOKS} others, which are then looked at before it. Those that look cheapest go first, so that the others
 * need not be counted.
 */
function gathers(
  phase: Phase,
  choices: readonly Layouts[],
  around: Surroundings,
  primes: number,
  limitMs: number,
): (Estimate | undefined)[] {
  const estimates = choices.map((): Estimate | undefined => undefined);
  const open = choices
    .map(({ targets }, index) => ({ index, targets, found: gatherWays(phase, targets, around, primes) }))
    .filter(({ found }) => found.ways.length > 0)
    .sort((a, b) => a.found.ways[0].leastMs - b.found.ways[0].leastMs);
  const cheapest: number[] = [];
  for (const { index, targets, found } of open) {
    const mostMs = cheapest[FULL_LOOKS - 1] ?? limitMs;
    const estimate = estimateGather(phase, targets, found, around, primes, mostMs);
    estimates[index] = estimate;
    if (estimate) cheapest.push(estimate.ms);
    cheapest.sort((a, b) => a - b);
  }
  return estimates;
}

/** The input packed in order. */
interface Packed {
  readonly layout: TensorLayout;
  readonly state: State;
}

/** The cheapest ways to different layouts so far: nothing dearer than {@link FULL_LOOKS} of them is looked at again. */
class Shortlist {
  readonly #cheapest = new Map<string, number>();
  readonly #mostBytes: number;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** A way that is priced in full. */
  add({ path, layouts, estimate }: Candidate): void {
    if (path.bytes + estimate.bytes > this.#mostBytes) return;
    const name = signatureOf(layouts);
    const ms = path.ms + estimate.ms;
    this.#cheapest.set(name, Math.min(ms, this.#cheapest.get(name) ?? Infinity));
  }

  /** What a way may cost to be of use. */
  get mostMs(): number {
    if (this.#cheapest.size < FULL_LOOKS) return Infinity;
    return [...this.#cheapest.values()].sort((a, b) => a - b)[FULL_LOOKS - 1];
  }
}

/** Later rounds see layouts only. */
function signatureOf(layouts: ReadonlyMap<number, TensorLayout>): string {
  return [...layouts].map(([group, { name }]) => `${group} ${name}`).join(';');
}

/** Every way to do `phase` after `path` that may be of use, roughly priced. */
function candidates(
  phase: Phase,
  path: Path,
  families: ReadonlyMap<number, readonly TensorLayout[]>,
  packed: readonly Packed[] | undefined,
  around: Surroundings,
  primes: number,
  mostMs: number,
  shortlist: Shortlist,
): Candidate[] {
  const found: Candidate[] = [];
  const stride = strideFor(phase, SAMPLED_ENTRIES);
  const choices = layoutChoices(phase, path.layouts, families).map((layouts) => ({
    layouts,
    targets: stageTargets(phase, (group) => layouts.get(group)!),
  }));
  const push = (
    { layouts, targets }: Layouts,
    state: State,
    inputLayout: TensorLayout | undefined,
    estimate: Estimate | undefined,
  ): void => {
    if (!estimate) return;
    const candidate = { path, layouts, targets, state, inputLayout, estimate };
    found.push(candidate);
    // What is only sampled may turn out dearer.
    if (stride === 1 || !estimate.split) shortlist.add(candidate);
  };
  const limit = (): number => Math.min(mostMs, shortlist.mostMs) - path.ms;
  if (!packed) {
    for (const choice of choices) {
      const { targets } = choice;
      if (!suits(path.state, targets, around.ring)) continue;
      const estimate = estimateRound(phase, targets, path.state, around, primes, stride, limit());
      push(choice, path.state, undefined, estimate);
    }
    return found;
  }
  const inOrder = (): void => {
    // Packing in order pays where the rows are long and many: a first dense layer.
    if (phase.isFree) return;
    for (const choice of choices) {
      for (const { layout, state } of packed) {
        if (!suits(state, choice.targets, around.ring)) continue;
        const estimate = estimateRound(phase, choice.targets, state, around, primes, stride, limit());
        push(choice, state, layout, estimate);
      }
    }
  };
  const gather = (mostGatherMs: number): void => {
    const gathered = gathers(phase, choices, around, primes, mostGatherMs);
    choices.forEach((choice, index) => push(choice, path.state, undefined, gathered[index]));
  };
  // What is cheaper to count goes first, so that the other need not be counted to the end.
  if (stride === 1) {
    gather(mostMs - path.ms);
    inOrder();
  } else {
    inOrder();
    const cheapest = found.reduce((least, { estimate }) => Math.min(least, estimate.ms), Infinity);
    gather(Math.min(mostMs - path.ms, WORTH_GATHERING * cheapest));
  }
  return found;
}

/**
 * `path` with what its last round made in skewed copies, which the next one may read with fewer diagonals. They cost the last
 * round nothing where it makes them without folding.
 */
function skewed(path: Path, outputGroup: number, periods: ReadonlySet<number>, around: Surroundings): Path[] {
  if (!path.last) return [];
  const { phase, before, state, primes } = path.last;
  const fresh = [...path.layouts.keys()].filter((group) => !before.layouts.has(group));
  if (fresh.length === 0 || fresh.includes(outputGroup)) return [];
  const skews = fresh.map((group) => skewsOf(path.layouts.get(group)!, periods, around.ring));
  const { inputLayout } = path.rounds.at(-1)!;
  const isGathered = before.rounds.length === 0 && !inputLayout;
  return Array.from({ length: Math.min(...skews.map(({ length }) => length)) }, (_, choice) => {
    const layouts = new Map(path.layouts);
    for (const [i, group] of fresh.entries()) layouts.set(group, skews[i][choice]);
    const targets = stageTargets(phase, (group) => layouts.get(group)!);
    // Every copy is looked at.
    const copies = Math.max(...targets.map(({ layout }) => around.ring / layout.period));
    const stride = strideFor(phase, LOOKED_ENTRIES / copies);
    const estimate = isGathered
      ? estimateGather(phase, targets, gatherWays(phase, targets, around, primes), around, primes, Infinity)
      : estimateRound(phase, targets, state, around, primes, stride, Infinity);
    if (!estimate) return undefined;
    const bytes = before.bytes + estimate.bytes;
    if (bytes > around.mostBytes) return undefined;
    const rounds = [...before.rounds, { estimate, inputLayout }];
    const ms = before.ms + estimate.ms;
    return { layouts, rounds, ms, bytes, state: stateAfter(phase, targets) };
  }).filter((found) => found !== undefined);
}

/** The candidate priced in full, if it was only sampled. */
function inFull(
  candidate: Candidate,
  phase: Phase,
  around: Surroundings,
  primes: number,
  stride: number,
  mostMs: number,
): Candidate | undefined {
  if (stride === 1 || !candidate.estimate.split) return candidate;
  const { targets, state, path } = candidate;
  const closer = strideFor(phase, LOOKED_ENTRIES);
  const estimate = estimateRound(phase, targets, state, around, primes, closer, mostMs - path.ms);
  return estimate && { ...candidate, estimate };
}

/**
 * The cheapest layouts found for `schedule`.
 * @param primesOf data primes at each round's linear stage
 * @param mostMs gives up (undefined) where no way is cheaper
 * @throws SealedError `does-not-fit` naming the layers of the round that no layout can hold
 */
export function chooseLayouts(
  schedule: Schedule,
  inputShapes: readonly Shape[],
  around: Surroundings,
  primesOf: readonly number[],
  mostMs: number,
): Choice | undefined {
  const pitches = new Set(inputShapes.flatMap(ownPitches));
  for (const { shapes } of schedule.groups.values())
    for (const pitch of shapes.flatMap(ownPitches)) pitches.add(pitch);
  const families = new Map<number, readonly TensorLayout[]>();
  for (const [group, { shapes, used }] of schedule.groups) {
    const family = jointFamily(shapes, used, around.ring, [...pitches]);
    around.tables.work.add('searched', family.length * used.length);
    families.set(group, family);
  }
  const inputSize = inputShapes.reduce((sum, shape) => sum + elementCount(shape), 0);
  const inputUsed = new Uint8Array(inputSize).fill(1);
  const packed = jointFamily(inputShapes, inputUsed, around.ring, [])
    .slice(0, INPUT_LAYOUTS)
    .flatMap((layout) => [layout, ...skewsOf(layout, periodsOf(schedule.phases[0], families), around.ring)])
    .map((layout): Packed => {
      return { layout, state: { placed: new Map([[INPUT, { layout, first: 0 }]]), count: layout.count } };
    });

  let beam: Path[] = [
    { layouts: new Map(), rounds: [], ms: 0, bytes: 0, state: { placed: new Map(), count: 0 } },
  ];
  for (const [index, phase] of schedule.phases.entries()) {
    const primes = primesOf[index];
    const stride = strideFor(phase, SAMPLED_ENTRIES);
    const inputs = index === 0 ? packed : undefined;
    const shortlist = new Shortlist(around.mostBytes);
    // What the last round made in copies that this one reads with fewer diagonals.
    const periods = periodsOf(phase, families);
    const all = beam
      .flatMap((path) => [path, ...skewed(path, schedule.outputGroup, periods, around)])
      .flatMap((path) => candidates(phase, path, families, inputs, around, primes, mostMs, shortlist))
      .sort((a, b) => a.path.ms + a.estimate.ms - b.path.ms - b.estimate.ms);
    const paths: Path[] = [];
    const seen = new Set<string>();
    for (const candidate of all) {
      if (paths.length >= FULL_LOOKS) break;
      // Of two ways to the same layouts, the cheaper.
      const signature = signatureOf(candidate.layouts);
      if (seen.has(signature)) continue;
      const full = inFull(candidate, phase, around, primes, stride, mostMs);
      if (!full) continue;
      const { path, estimate, layouts, targets, inputLayout, state } = full;
      const bytes = path.bytes + estimate.bytes;
      if (bytes > around.mostBytes) continue;
      seen.add(signature);
      const rounds = [...path.rounds, { estimate, inputLayout }];
      const last = { phase, before: path, state, primes };
      const ms = path.ms + estimate.ms;
      paths.push({ layouts, rounds, ms, bytes, state: stateAfter(phase, targets), last });
    }
    // Ways that are no cheaper have been left out.
    if (paths.length === 0 && mostMs < Infinity) return undefined;
    if (paths.length === 0) throw tooLarge(phase, around);
    beam = paths.sort((a, b) => a.ms - b.ms).slice(0, keepFor(schedule, index));
    // Rounds cost nothing or more: the others only add to it.
    if (beam[0].ms >= mostMs) return undefined;
  }
  return beam[0];
}

// Later rounds may undo an early choice: keep more at the start, where choices differ most in what they leave behind.
function keepFor(schedule: Schedule, index: number): number {
  return index < schedule.phases.length - 1 ? powerOfTwo(BEAM) : 1;
}

function tooLarge(phase: Phase, { mostBytes }: Surroundings): SealedError {
  return new SealedError(
    'does-not-fit',
    `Layer ${phase.layers.join(', ')} takes more than ${Math.round(mostBytes / 1e6)} MB of encoded weights in every layout: make it smaller or strided.`,
    { stage: 'compile', detail: { layer: phase.layers.join(', '), budget: 'memory' } },
  );
}

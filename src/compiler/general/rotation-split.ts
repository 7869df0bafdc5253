// Which part of a stage's rotations are baby steps and which giant steps, by cost (Halevi–Shoup 2018).
import type { DiagonalShape } from './diagonals.ts';
import type { SearchTables } from './search-tables.ts';

/** shift = giant + baby, baby in [offset, offset + unit). */
export interface Split {
  readonly unit: number;
  readonly offset: number;
  readonly babies: number;
  readonly giants: number;
  /** Rotations that keys are needed for beside those that are there. */
  readonly steps: number;
  readonly ms: number;
  /** Whether giant steps are made one unit at a time, with one key for all of them. */
  readonly isChained: boolean;
  /** Where each baby step is made in two: baby = outer + inner, inner in [offset, offset + unit). */
  readonly inner?: Steps;
}

/** Steps of a unit, and where they begin. */
export interface Steps {
  readonly unit: number;
  readonly offset: number;
}

/** Milliseconds of one baby rotation (hoisted), one giant rotation, and what one more Galois key is worth. */
export interface RotationCosts {
  readonly baby: number;
  readonly giant: number;
  readonly key: number;
  /** A baby rotation that is rotated again: divided by P and decomposed anew. */
  readonly again: number;
}

/** The ring, and the positions after which all inputs repeat themselves: giant steps are told apart within these. */
interface SplitRing {
  readonly ring: number;
  readonly period: number;
}

/** Whether there will be a key for a rotation by so many positions in any case, since another stage needs it. */
type KeyThere = (step: number) => boolean;

const NO_KEYS: KeyThere = () => false;

/** The baby part of `shift`. */
export function babyOf(shift: number, { unit, offset }: Steps): number {
  return ((((shift - offset) % unit) + unit) % unit) + offset;
}

/** The cheapest split of a stage's shifts: a baby step is made once an input, a giant step once an output. */
export function chooseSplit(
  shape: DiagonalShape,
  around: SplitRing,
  costs: RotationCosts,
  tables: SearchTables,
  isThere = NO_KEYS,
): Split {
  const numbers: Numbers = { inputs: 1 + largest(shape.inputs), outputs: 1 + largest(shape.outputs) };
  let best: Split | undefined;
  for (const unit of unitsOf(around.ring)) {
    for (const offset of unit > 1 ? [0, -unit / 2] : [0]) {
      const split = splitBy(
        shape,
        numbers,
        around,
        { unit, offset },
        costs,
        best?.ms ?? Infinity,
        tables,
        isThere,
      );
      if (split) best = split;
    }
  }
  return best!;
}

/** How many ciphertexts a stage reads and makes. */
interface Numbers {
  readonly inputs: number;
  readonly outputs: number;
}

// Most splits are best near this unit: what is tried first ends the others early.
const LIKELY_UNIT = 16;

/** The powers of two up to `ring`, the likely ones first. */
function unitsOf(ring: number): number[] {
  const distance = (unit: number): number => Math.max(unit / LIKELY_UNIT, LIKELY_UNIT / unit);
  const units: number[] = [];
  for (let unit = 1; unit <= ring; unit *= 2) units.push(unit);
  return units.sort((a, b) => distance(a) - distance(b));
}

// How often a split that is under way is compared with the best so far.
const LOOK_EVERY = 64;

function largest(numbers: readonly number[]): number {
  let most = 0;
  for (const number of numbers) most = Math.max(most, number);
  return most;
}

/** The fewest baby steps that are worth making in two, and the largest unit of inner ones. */
const LEAST_TWICE = 4;
const MOST_INNER = 64;

/** The cheapest way to make baby steps in two, with a key for each inner and each outer one. */
interface Twice {
  readonly ms: number;
  readonly inner: Steps | undefined;
  readonly steps: number;
}

const NOT_TWICE: Twice = { ms: Infinity, inner: undefined, steps: 0 };

/** Powers of two, and how far apart runs of steps are: the rows of a convolution's taps. */
function innerUnits(steps: ReadonlySet<number>, unit: number): Set<number> {
  const units = new Set<number>();
  for (let size = 2; size < Math.min(unit, MOST_INNER); size *= 2) units.add(size);
  const [first, ...others] = [...steps].sort((a, b) => a - b);
  for (const step of others) {
    const distance = step - first;
    if (!steps.has(step - 1) && distance > 1 && distance < Math.min(unit, MOST_INNER)) units.add(distance);
  }
  return units;
}

/** @param babies each as input · unit + step − offset */
function makeTwice(
  babies: readonly number[],
  { unit, offset }: Steps,
  ring: number,
  { baby, key, again }: RotationCosts,
  isThere: KeyThere,
): Twice {
  let best = NOT_TWICE;
  if (babies.length < LEAST_TWICE) return best;
  const missing = (steps: ReadonlySet<number>): number => {
    let count = 0;
    for (const step of steps) if (step !== 0 && !isThere((step + ring) % ring)) count += 1;
    return count;
  };
  for (const size of innerUnits(new Set([0, ...babies.map((number) => (number % unit) + offset)]), unit)) {
    for (const start of [0, -Math.floor(size / 2)]) {
      const inner = { unit: size, offset: start };
      const [innerSteps, outerSteps, outer] = [new Set<number>(), new Set<number>(), new Set<number>()];
      let rotations = 0;
      for (const number of babies) {
        const step = (number % unit) + offset;
        const own = babyOf(step, inner);
        if (own !== 0) rotations += 1;
        innerSteps.add(own);
        outerSteps.add(step - own);
        if (step !== own) outer.add(number - own);
      }
      const steps = missing(innerSteps) + missing(outerSteps);
      const ms = rotations * baby + outer.size * again + steps * key;
      if (ms < best.ms) best = { ms, inner, steps };
    }
  }
  return best;
}

/** What one split takes; undefined if not less than `mostMs`, which shows early: counts only grow. */
function splitBy(
  { shifts, inputs, outputs }: DiagonalShape,
  numbers: Numbers,
  { ring, period }: SplitRing,
  way: Steps,
  costs: RotationCosts,
  mostMs: number,
  { babies, giants, babySteps, giantSteps, work }: SearchTables,
  isThere: KeyThere,
): Split | undefined {
  const { unit, offset } = way;
  const unitKey = isThere(unit) ? 0 : costs.key;
  const perOutput = Math.max(1, period / unit);
  babies.reset(numbers.inputs * unit);
  giants.reset(numbers.outputs * perOutput);
  babySteps.reset(ring);
  giantSteps.reset(perOutput);
  /** Units that the farthest sum of each row is rotated by, if it is chained. */
  const links = new Int32Array(numbers.outputs);
  let chain = 0;
  const priced = (own: number): Pick<Split, 'ms' | 'isChained'> => {
    const apart = giants.size * costs.giant + giantSteps.size * costs.key;
    const chained = chain * costs.giant + (chain > 0 ? unitKey : 0);
    return { ms: own + Math.min(apart, chained), isChained: chained < apart };
  };
  // Made in two, n steps take 2√(n + 1) − 2 keys at least.
  const leastBabies = (): number =>
    babies.size * costs.baby + (2 * Math.sqrt(babySteps.size + 1) - 2) * costs.key;
  for (let i = 0; i < shifts.length; i += 1) {
    const baby = babyOf(shifts[i], way);
    const giant = ((shifts[i] - baby) & (period - 1)) / unit;
    if (baby !== 0) {
      const step = (baby + ring) % ring;
      if (babies.add(inputs[i] * unit + baby - offset) && !isThere(step)) babySteps.add(step);
    }
    if (giant > 0) {
      if (giants.add(outputs[i] * perOutput + giant) && !isThere(giant * unit)) giantSteps.add(giant);
      if (giant > links[outputs[i]]) {
        chain += giant - links[outputs[i]];
        links[outputs[i]] = giant;
      }
    }
    if (i % LOOK_EVERY === 0 && priced(leastBabies()).ms >= mostMs) {
      work.add('split', i + 1);
      return undefined;
    }
  }
  work.add('split', shifts.length);
  if (priced(leastBabies()).ms >= mostMs) return undefined;
  // A step made in two is dearer, be it but one, and saves so many keys at most.
  const saves = (babySteps.size + 2 - 2 * Math.sqrt(babySteps.size + 1)) * costs.key;
  const twice =
    saves > costs.again - costs.baby ? makeTwice(babies.marked, way, ring, costs, isThere) : NOT_TWICE;
  const once = babies.size * costs.baby + babySteps.size * costs.key;
  const { ms, isChained } = priced(Math.min(once, twice.ms));
  if (ms >= mostMs) return undefined;
  const inner = twice.ms < once ? twice.inner : undefined;
  return {
    ...way,
    babies: babies.size,
    giants: isChained ? chain : giants.size,
    ...(inner && { inner }),
    steps: (inner ? twice.steps : babySteps.size) + (isChained ? (unitKey > 0 ? 1 : 0) : giantSteps.size),
    ms,
    isChained,
  };
}

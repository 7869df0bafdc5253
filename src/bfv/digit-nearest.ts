// The nearest set that works for a network in digits: found by trying, in the order of how little is changed.
import { isPrime } from '../params/primes.ts';
import { POLY_MODULUS_DEGREES } from '../params/security.ts';
import { asSealedError } from '../base/errors.ts';
import { BfvContext, type Ciphertext } from './bfv-context.ts';
import type { BfvSet, NearestSet } from './bfv-test.ts';
import type { ClearLayer } from './digit-clear.ts';
import { DigitLayers } from './digit-layers.ts';
import { workOfAll } from './digit-run.ts';
import { type DigitWork, inTheClear, losesDigits, ringOf, tryDigits } from './digit-test.ts';
import { DigitCache } from './digit-tensor.ts';

/** Values of each layer in a trial of a part. */
const PART_VALUES = 24;
/** A trial of the whole network that is more work stays one of a part: multiplications by a weight at N = 2048. */
const MOST_TRIAL_WORK = 400_000;
/** Digits of the fraction to try where decoding leaves some out. */
const FRACTIONS = [40, 48, 56, 64, 80, 96, 128] as const;
/** Whole numbers are exact in a double below this. */
const MOST_P = 2 ** 53;

interface Candidate {
  readonly set: BfvSet;
  readonly clear: readonly ClearLayer[];
  readonly wholeModulus: boolean;
}

function primeFrom(least: number): number {
  let p = Math.max(2, least);
  while (!isPrime(BigInt(p))) p += 1;
  return p;
}

/** The p that holds every coefficient that is read, and is as near to `p` as can be: a prime, though any number would do. */
function plainModulusFor(clear: readonly ClearLayer[], p: number): number {
  const largest = clear.reduce((most, { reach }) => Math.max(most, reach.largest), 0);
  return 2 * largest < p ? p : primeFrom(2 * largest + 1);
}

/** `set` with as many digits of the fraction as the network takes. */
async function withEnoughDigits(work: DigitWork, set: BfvSet, clear: readonly ClearLayer[]) {
  if (!clear.some(losesDigits)) return { set, clear };
  for (const fracDigits of FRACTIONS.filter((digits) => digits > set.fracDigits)) {
    const changed = { ...set, fracDigits };
    const layers = await inTheClear(work, changed);
    if (!layers.some(losesDigits)) return { set: changed, clear: layers };
  }
  return undefined;
}

/**
 * The nearest set to `asked` whose digits are all read, whose coefficients stay below p/2 and whose noise budget lasts, or
 * null. First the digits, then p, then SEAL 2's modulus, then the degree.
 * @param budgetEnds whether it is known that `asked` has too little noise budget
 * @throws SealedError `aborted`
 */
export async function nearestDigits(
  work: DigitWork,
  asked: BfvSet,
  known: readonly ClearLayer[],
  budgetEnds: boolean,
): Promise<NearestSet | null> {
  const enough = await withEnoughDigits(work, asked, known);
  if (!enough) return null;
  const p = plainModulusFor(enough.clear, asked.p);
  if (p >= MOST_P) return null;
  const clear = p === asked.p ? enough.clear : await inTheClear(work, { ...enough.set, p });
  const least = primeFrom(plainModulusFor(clear, 2));
  for (const m of POLY_MODULUS_DEGREES.filter((degree) => degree >= asked.m)) {
    const set = { ...enough.set, m, p };
    const isKnown = budgetEnds && m === asked.m && p >= asked.p;
    for (const wholeModulus of [false, true]) {
      if (isKnown && !wholeModulus) continue;
      const found = await tried(work, { set, clear, wholeModulus }, asked);
      if (found) return found;
    }
    // A smaller p leaves more for the noise.
    if (budgetEnds && m === asked.m && least < p) {
      const smaller = { ...set, p: least };
      const found = await tried(
        work,
        { set: smaller, clear: await inTheClear(work, smaller), wholeModulus: false },
        asked,
      );
      if (found) return found;
    }
  }
  return null;
}

/** What comes of a candidate: null where its noise budget ends, or SEAL refuses it. */
async function tried(
  work: DigitWork,
  { set, clear, wholeModulus }: Candidate,
  asked: BfvSet,
): Promise<NearestSet | null> {
  const changes: Record<string, number | boolean> = {};
  if (set.fracDigits !== asked.fracDigits) changes['fracDigits'] = set.fracDigits;
  if (set.p !== asked.p) changes['p'] = set.p;
  if (set.m !== asked.m) changes['m'] = set.m;
  if (set.sec !== asked.sec) changes['sec'] = set.sec;
  if (set.base !== asked.base) changes['base'] = set.base;
  if (wholeModulus) changes['keyPrime'] = false;
  try {
    const part = await tryPart(work, set, clear, wholeModulus);
    if (!part || part.budgetBits === 0) return null;
    if ((workOfAll(clear) * part.residues) / 2048 > MOST_TRIAL_WORK) {
      const maxAbsError = clear.at(-1)?.bound ?? NaN;
      return { changes, tried: 'part', maxAbsError, noiseBudgetBits: part.budgetBits };
    }
    const { result } = await tryDigits({ ...work, onShare: () => undefined }, set, wholeModulus, clear);
    if (result.problem) return null;
    const { noiseBudgetBits } = result.layers.at(-1)!;
    return { changes, tried: 'whole', maxAbsError: result.maxAbsError, noiseBudgetBits };
  } catch (error) {
    if (asSealedError(error).code === 'aborted') throw error;
    return null;
  }
}

/**
 * The noise budget that is left after some values of every layer, with the network's own weights: a source that is not
 * among those of the layer before is replaced by one that is. And how many residues a polynomial has. Undefined where `wholeModulus` is what the set has anyway.
 */
async function tryPart(
  { seal, steps, input, pause }: DigitWork,
  set: BfvSet,
  clear: readonly ClearLayer[],
  wholeModulus: boolean,
): Promise<{ budgetBits: number; residues: number } | undefined> {
  const squares = steps.some(({ kind }) => kind === 'squares');
  using context = new BfvContext(seal, { set, squares, wholeModulus });
  if (wholeModulus && context.primeBits.length === 1) return undefined;
  const ring = ringOf(set);
  using layers = new DigitLayers(context, ring, new DigitCache(ring));
  let held: Ciphertext[] = [];
  const residues = context.ciphertextResidues;
  const spread = (count: number): number[] => {
    const some = Math.min(count, PART_VALUES);
    return Array.from({ length: some }, (_, i) => Math.floor((i * count) / some));
  };
  try {
    held = spread(input.length).map((element) => layers.encrypt(input[element]));
    for (const layer of clear) {
      const { step } = layer;
      const elements = spread(step.count);
      if (step.kind === 'sums') {
        const before = held;
        held = [];
        try {
          for (const cipher of before) context.evaluator.cipherTransformToNttInplace(cipher);
          const at = (source: number): Ciphertext => before[source % before.length];
          for (const element of elements) {
            held.push(layers.sum(step.sumOf(element), step.weighted, at));
            await pause();
          }
        } finally {
          for (const cipher of before) cipher.delete();
        }
        layers.forget();
      }
      for (const [i, cipher] of held.entries()) {
        if (step.kind === 'squares') layers.square(cipher);
        if (layers.decrypt(cipher).budgetBits === 0) return { budgetBits: 0, residues };
        if (step.kind === 'refresh') {
          cipher.delete();
          held[i] = layers.encrypt(layer.decoded[elements[i]]);
        }
        await pause();
      }
    }
    const budgetBits = held.reduce((least, cipher) => Math.min(least, context.budget(cipher)), Infinity);
    return { budgetBits, residues };
  } finally {
    for (const cipher of held) cipher.delete();
  }
}

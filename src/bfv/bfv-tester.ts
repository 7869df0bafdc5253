// Tries a BFV parameter set on a network: in digits as PyCrCNN has it, or in slots; and the nearest set that works.
import { yielding } from '../base/controls.ts';
import { asSealedError, SealedError } from '../base/errors.ts';
import { POLY_MODULUS_DEGREES } from '../params/security.ts';
import { loadSeal, type SealModule, type WasmSource } from '../seal/load.ts';
import {
  type BfvRefusal,
  type BfvResult,
  type BfvSet,
  type BfvTest,
  type BfvTester,
  type NearestSet,
  PYFHEL_DEFAULTS,
  type SlotsTest,
} from './bfv-test.ts';
import { nearestDigits } from './digit-nearest.ts';
import { type DigitWork, inTheClear, tryDigits } from './digit-test.ts';
import { nearestSlots, slotChanges, type SlotJob, trySlots } from './slot-test.ts';
import { layOutValues } from './value-layout.ts';

/** Makes the tester; SEAL is loaded with the first test. */
export function createBfvTester(wasm?: WasmSource): BfvTester {
  /** What `run` gives, or why it gives nothing. */
  const outcome = async (
    name: string,
    run: (seal: SealModule) => Promise<BfvResult | BfvRefusal>,
  ): Promise<BfvResult | BfvRefusal> => {
    try {
      return await run(await loadSeal(wasm));
    } catch (error) {
      const { code, message } = asSealedError(error);
      if (code === 'aborted') throw error;
      return { name, scheme: 'bfv', ran: false, code, reason: message };
    }
  };
  const test: BfvTester['test'] = (asked, { signal, onProgress } = {}) =>
    outcome(asked.set.name, (seal) =>
      runTest(seal, asked, yielding(signal, 'worker'), throttled(onProgress)),
    );
  const slots: BfvTester['slots'] = (asked, { signal } = {}) =>
    outcome('slots', async (seal) => {
      const job = { seal, ...asked, refreshed: refreshedIds(asked), pause: yielding(signal, 'worker') };
      const found = await nearestSlots(job, { name: 'slots', ...PYFHEL_DEFAULTS, p: 2 });
      if (found) return found;
      const reason =
        'No p below 2^53 and no degree up to 32768 runs these layers in slots with an error of use.';
      return { name: 'slots', scheme: 'bfv', ran: false, code: 'does-not-fit', reason };
    });
  return Object.freeze(Object.assign(Object.create(null) as object, { test, slots }));
}

/** Ids of the values after which the client decrypts and encrypts again. */
function refreshedIds({ graph, refresh }: SlotsTest): ReadonlySet<string> {
  const layers = (graph.layers ?? []).filter(({ index }) => refresh.includes(index));
  return new Set(layers.map(({ output }) => output));
}

/** A hundred messages are enough. */
function throttled(onProgress: ((share: number) => void) | undefined): (share: number) => void {
  let told = 0;
  return (share) => {
    if (share < told + 0.01) return;
    told = share;
    onProgress?.(share);
  };
}

/** What of `set` no network could run with, and the nearest value; undefined where it is well formed. */
function malformed({ m, p, sec, base, intDigits, fracDigits }: BfvSet) {
  const near = (values: readonly number[], value: number): number =>
    values.reduce((a, b) => (Math.abs(b - value) < Math.abs(a - value) ? b : a));
  if (!POLY_MODULUS_DEGREES.includes(m))
    return {
      reason: `m = ${m} is no degree of the security table.`,
      set: { m: near(POLY_MODULUS_DEGREES, m) },
    };
  const levels = [128, 192, 256];
  if (!levels.includes(sec)) {
    const reason = `The security table has 128, 192 and 256 bits, not sec = ${sec}.`;
    return { reason, set: { sec: near(levels, sec) } };
  }
  if (base < 2 || base > 1024) return { reason: `base = ${base} is not 2 to 1024.`, set: { base: 2 } };
  if (intDigits < 1 || fracDigits < 1 || intDigits + fracDigits > m) {
    const reason = `intDigits = ${intDigits} and fracDigits = ${fracDigits} must be 1 at least, and no more than m = ${m} together.`;
    return { reason, set: { intDigits: 64, fracDigits: 32 } };
  }
  if (p < 2 || !Number.isSafeInteger(p))
    return { reason: `p = ${p} is no whole number from 2 to 2^53.`, set: { p: 65537 } };
  return undefined;
}

async function runTest(
  seal: SealModule,
  asked: BfvTest,
  pause: () => Promise<void>,
  onShare: (share: number) => void,
): Promise<BfvResult | BfvRefusal> {
  const { set, graph, inputs, findNearest } = asked;
  const refreshed = refreshedIds(asked);
  const steps = layOutValues(graph, inputs.length, refreshed);
  const slots: SlotJob = { seal, graph, inputs, refreshed, pause };
  const input = Float64Array.from(inputs.flatMap((values) => [...values]));
  const digits: DigitWork = { seal, graph, steps, input, pause, onShare };
  const refused = async (code: string, reason: string, near: BfvSet): Promise<BfvRefusal> => {
    const nearest = findNearest ? await nearestTo(near, slots, digits, set) : null;
    return { name: set.name, scheme: 'bfv', ran: false, code, reason, nearest };
  };
  const wrong = malformed(set);
  if (wrong) return refused('invalid-argument', wrong.reason, { ...set, ...wrong.set });
  if (set.flagBatching) {
    try {
      const result = await trySlots(slots, set);
      const nearest = result.problem && findNearest ? await nearestTo(set, slots, digits, set) : null;
      return { ...result, nearest };
    } catch (error) {
      if (!(error instanceof SealedError) || !CAN_BE_CHANGED.has(error.code)) throw error;
      return refused(error.code, error.message, set);
    }
  }
  const clear = await inTheClear(digits, set);
  try {
    const { result } = await tryDigits(digits, set, false, clear);
    const ends = result.problem?.kind === 'budget';
    const nearest = result.problem && findNearest ? await nearestDigits(digits, set, clear, ends) : null;
    return { ...result, nearest };
  } catch (error) {
    if (!(error instanceof SealedError) || !CAN_BE_CHANGED.has(error.code)) throw error;
    return refused(error.code, error.message, set);
  }
}

/** Errors of a set, which another set may be without. */
const CAN_BE_CHANGED: ReadonlySet<string> = new Set([
  'insecure-parameters',
  'invalid-argument',
  'does-not-fit',
]);

/** The nearest that works from `start` on, as what differs from `asked`. */
async function nearestTo(
  start: BfvSet,
  slots: SlotJob,
  digits: DigitWork,
  asked: BfvSet,
): Promise<NearestSet | null> {
  const changes = Object.fromEntries(
    Object.entries(start).filter(([name, value]) => value !== asked[name as keyof BfvSet]),
  ) as NearestSet['changes'];
  if (start.flagBatching) {
    const found = await nearestSlots(slots, start);
    if (!found) return null;
    const nearest = slotChanges(asked, found);
    return { ...nearest, changes: { ...changes, ...nearest.changes } };
  }
  const found = await nearestDigits(digits, start, await inTheClear(digits, start), false);
  return found && { ...found, changes: { ...changes, ...found.changes } };
}

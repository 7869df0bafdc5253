// Tries a BFV set with batching: many values in the slots of a ciphertext, in fixed point, worked on all at once.
import { SealedError } from '../base/errors.ts';
import type { Graph } from '../model/graph.ts';
import { allowsBatching, batchingPrimeFrom } from '../params/plain-modulus.ts';
import { POLY_MODULUS_DEGREES } from '../params/security.ts';
import type { SealModule } from '../seal/load.ts';
import { BfvContext, type Ciphertext } from './bfv-context.ts';
import type { BfvLayer, BfvResult, BfvSet, NearestSet } from './bfv-test.ts';
import {
  fewestDigits,
  type FixedPoint,
  type FixedPointWork,
  mostDigits,
  peakOf,
  valuesOf,
} from './fixed-point.ts';
import { elementPosition, layerMark } from './layer-marks.ts';
import { SlotLayers } from './slot-layers.ts';
import { type LayerStep, layOut } from './slot-layout.ts';

/** Rounding that costs no more than this share of the largest output is good enough for a set that is proposed. */
const GOOD = 1e-2;

/** A network to be run in slots, for pictures that share the ciphertexts. */
export interface SlotJob {
  readonly seal: SealModule;
  readonly graph: Graph;
  readonly inputs: readonly Float32Array[];
  readonly refreshed: ReadonlySet<string>;
  readonly pause: () => Promise<void>;
}

function workFor({ graph, inputs, refreshed }: SlotJob, m: number): FixedPointWork {
  return {
    graph,
    inputs,
    refreshed,
    layout: layOut(graph, inputs.length, m),
    exact: valuesOf(graph, inputs),
  };
}

/**
 * Runs `set` as it is, with as many digits as its p holds.
 * @throws SealedError `invalid-argument` where p has no slots; `does-not-fit` where it holds no values; `unsupported-layer`
 */
export async function trySlots(job: SlotJob, set: BfvSet): Promise<Omit<BfvResult, 'nearest'>> {
  if (!allowsBatching(set.p, set.m)) {
    const message = `Batching takes a prime p that is 1 modulo ${2 * set.m}, and p = ${set.p} is none.`;
    throw new SealedError('invalid-argument', message, { stage: 'input' });
  }
  const work = workFor(job, set.m);
  const point = mostDigits(work, set.base, set.p);
  if (!point) {
    const message = `p = ${set.p} does not even hold whole numbers of these layers: values in slots, times their scale, must stay below p/2.`;
    throw new SealedError('does-not-fit', message, { stage: 'input' });
  }
  return runSlots(job, set, work, point);
}

/**
 * The smallest degree from that of `asked` on at which the network runs in slots with an error of use, and its p: tried on
 * every ciphertext. Undefined where there is none.
 */
export async function nearestSlots(job: SlotJob, asked: BfvSet): Promise<BfvResult | undefined> {
  for (const m of POLY_MODULUS_DEGREES.filter((degree) => degree >= asked.m)) {
    const work = workFor(job, m);
    const most = peakOf(work.exact.get(job.graph.output)!);
    const point = fewestDigits(work, asked.base, GOOD * most);
    if (!point) return undefined;
    const p = batchingPrimeFrom(point.leastP, m);
    if (p === undefined) return undefined;
    const set = { ...asked, m, p, flagBatching: true };
    try {
      const result = await runSlots(job, set, work, point);
      if (!result.problem) return { ...result, nearest: null };
    } catch (error) {
      // SEAL has no room for this p at this degree.
      if (!(error instanceof SealedError) || error.code !== 'insecure-parameters') throw error;
    }
  }
  return undefined;
}

/** What {@link nearestSlots} found, as what differs from the set asked for. */
export function slotChanges(asked: BfvSet, found: BfvResult): NearestSet {
  const { m, p, flagBatching } = found.set;
  return {
    changes: {
      ...(p !== asked.p && { p }),
      ...(m !== asked.m && { m }),
      ...(flagBatching !== asked.flagBatching && { flagBatching }),
    },
    tried: 'whole',
    maxAbsError: found.maxAbsError,
    noiseBudgetBits: found.layers.at(-1)?.noiseBudgetBits ?? 0,
  };
}

async function runSlots(
  { seal, graph, refreshed, pause }: SlotJob,
  set: BfvSet,
  { layout: { inputs: sent, steps }, exact }: FixedPointWork,
  { base, digits, scales, roundingError }: FixedPoint,
): Promise<Omit<BfvResult, 'nearest'>> {
  let started = performance.now();
  const squares = steps.some(({ kind }) => kind === 'squares');
  using context = new BfvContext(seal, { set, squares });
  using work = new SlotLayers(context);
  const keygenMs = performance.now() - started;
  const digitScale = base ** digits;
  const input = exact.get(graph.input.id)!;
  const fixed = (values: ArrayLike<number>) => (at: number) =>
    at < 0 ? 0 : Math.round(values[at] * digitScale);
  let held: Ciphertext[] = [];
  try {
    started = performance.now();
    for (const places of sent) held.push(work.encrypt(Array.from(places, fixed(input))));
    const encryptMs = performance.now() - started;
    const startBudgetBits = held.reduce((least, cipher) => Math.min(least, context.budget(cipher)), Infinity);
    const layers: BfvLayer[] = [];
    let decryptMs = 0;
    for (const [i, step] of steps.entries()) {
      started = performance.now();
      const after: Ciphertext[] = [];
      const before = held;
      try {
        for (let at = 0; at < step.ciphertexts.length; at += 1) {
          after.push(work.make(step, at, before, digitScale, scales[i]));
          await pause();
        }
      } finally {
        for (const cipher of before) cipher.delete();
        held = after;
      }
      const evaluateMs = performance.now() - started;
      started = performance.now();
      const row = measure(graph, context, work, step, held, scales[i], exact.get(step.node.id)!);
      decryptMs = performance.now() - started;
      layers.push({ ...row, evaluateMs, bound: i === steps.length - 1 ? roundingError : NaN });
      if (row.noiseBudgetBits === 0) break;
      if (refreshed.has(step.node.id)) refresh(work, step, held, scales[i], digitScale);
    }
    const last = layers.at(-1);
    const ends = last.noiseBudgetBits === 0;
    const reason = `The noise budget ends in layer ${last.index} (${last.type}): what is decrypted there means nothing.`;
    return {
      name: set.name,
      scheme: 'bfv',
      ran: true,
      set,
      parameters: context.parametersOf(set),
      packing: 'slots',
      fixedPoint: { digits, roundingError },
      startBudgetBits,
      maxAbsError: last.maxAbsError,
      meanAbsError: last.meanAbsError,
      layers,
      problem: ends ? { kind: 'budget', layer: last.index, type: last.type, reason } : null,
      timings: {
        keygenMs,
        encryptMs,
        evaluateMs: layers.reduce((sum, { evaluateMs }) => sum + evaluateMs, 0),
        decryptMs,
      },
      bytes: {
        request: sent.length * context.requestBytes(),
        response: held.reduce((sum, cipher) => sum + context.bytesOf(cipher), 0),
        evaluationKeys: context.keyBytes,
      },
    };
  } finally {
    for (const cipher of held) cipher.delete();
  }
}

/** Decrypts every ciphertext and encrypts it again, at the scale of an input. */
function refresh(
  work: SlotLayers,
  { ciphertexts }: LayerStep,
  held: Ciphertext[],
  scale: number,
  digitScale: number,
): void {
  for (const [i, cipher] of held.entries()) {
    const values = work.decrypt(cipher, ciphertexts[i].places.length);
    held[i] = work.encrypt(values.map((value) => Math.round((value / scale) * digitScale)));
    cipher.delete();
  }
}

/** Decrypts what a step made and compares it with the float network. */
function measure(
  graph: Graph,
  context: BfvContext,
  work: SlotLayers,
  { node, kind, ciphertexts }: LayerStep,
  held: readonly Ciphertext[],
  scale: number,
  exact: Float32Array,
): Omit<BfvLayer, 'evaluateMs' | 'bound'> {
  let [maxAbsError, at, cipherValue, sum, count, noiseBudgetBits] = [-1, 0, NaN, 0, 0, Infinity];
  for (const [i, { places }] of ciphertexts.entries()) {
    noiseBudgetBits = Math.min(noiseBudgetBits, context.budget(held[i]));
    const values = work.decrypt(held[i], places.length);
    places.forEach((element, place) => {
      if (element < 0) return;
      const value = values[place] / scale;
      const error = Math.abs(value - exact[element]);
      if (error > maxAbsError) [maxAbsError, at, cipherValue] = [error, element, value];
      sum += error;
      count += 1;
    });
  }
  return {
    ...layerMark(graph, node),
    node: kind,
    maxAbsError,
    meanAbsError: sum / count,
    maxErrorPosition: elementPosition(node.shape, at),
    cipherValue,
    plainValue: exact[at],
    noiseBudgetBits,
    ciphertexts: held.length,
    digits: null,
  };
}

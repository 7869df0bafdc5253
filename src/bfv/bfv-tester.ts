// Tries a BFV parameter set on a network: fixed point that fits p, the layers on ciphertexts, errors and noise budgets.
import { asSealedError, SealedError } from '../base/errors.ts';
import type { Graph } from '../model/graph.ts';
import { allowsBatching, batchingPrimeFrom } from '../params/plain-modulus.ts';
import { POLY_MODULUS_DEGREES } from '../params/security.ts';
import type { BfvLayer, BfvRefusal, BfvResult, BfvSet, BfvTest, BfvTester } from './bfv-test.ts';
import { loadSeal, type SealModule, type WasmSource } from '../seal/load.ts';
import { BfvEvaluation, primeBits } from './bfv-evaluation.ts';
import { type BfvLayout, layOut, type LayerStep } from './bfv-layout.ts';
import {
  digitsThatFit,
  type FixedPoint,
  leastUsefulDigits,
  noiseBits,
  type NodeValues,
  valuesOf,
} from './bfv-scales.ts';

type Ciphertext = InstanceType<SealModule['Ciphertext']>;

/** Choices of digits that are run before giving up, each with fewer digits of the weights than the one before. */
const MOST_TRIES = 5;
/** Bytes of ciphertexts at a time; WebAssembly has 4 GB at most. */
const MOST_BYTES = 2 ** 30;
/** Bits of a fresh ciphertext's noise under the secret key, with p's own and the sign. */
const FRESH_BITS = 6;

/** A refusal on its way out. */
class Refusal extends Error {
  readonly nearest: Readonly<Record<string, number>>;

  constructor(reason: string, nearest: Readonly<Record<string, number>>) {
    super(reason);
    this.nearest = nearest;
  }
}

/** Makes the tester; SEAL is loaded with the first test. */
export function createBfvTester(wasm?: WasmSource): BfvTester {
  const test = async (asked: BfvTest): Promise<BfvResult | BfvRefusal> => {
    const { name } = asked.set;
    try {
      return runTest(await loadSeal(wasm), asked);
    } catch (error) {
      const refused = { name, scheme: 'bfv', ran: false } as const;
      if (error instanceof Refusal)
        return { ...refused, code: 'does-not-fit', reason: error.message, nearest: error.nearest };
      const { code, message } = asSealedError(error);
      return { ...refused, code, reason: message };
    }
  };
  return Object.freeze(Object.assign(Object.create(null) as object, { test }));
}

function checkSet({ m, p, sec, base }: BfvSet): void {
  if (!POLY_MODULUS_DEGREES.includes(m)) {
    const nearest = POLY_MODULUS_DEGREES.reduce((a, b) => (Math.abs(b - m) < Math.abs(a - m) ? b : a));
    throw new Refusal(`m = ${m} is no degree of the security table.`, { m: nearest });
  }
  if (![128, 192, 256].includes(sec)) {
    const nearest = sec < 160 ? 128 : sec < 224 ? 192 : 256;
    throw new Refusal(`The security table has 128, 192 and 256 bits, not sec = ${sec}.`, { sec: nearest });
  }
  if (base < 2 || base > 1024) throw new Refusal(`base = ${base} is not 2 to 1024.`, { base: 2 });
  if (p < 2 || !Number.isSafeInteger(p)) {
    throw new SealedError('invalid-argument', `p = ${p} is no whole number from 2 to 2^53.`, {
      stage: 'input',
    });
  }
}

/** What a test works on. */
interface Work {
  readonly seal: SealModule;
  readonly set: BfvSet;
  readonly graph: Graph;
  readonly inputs: readonly Float32Array[];
  readonly layout: BfvLayout;
  readonly exact: NodeValues;
  readonly squares: boolean;
}

/** Bits that the primes for ciphertexts have; the last of several is for keys. */
function dataBits(seal: SealModule, m: number, sec: number): number {
  const bits = primeBits(seal, m, sec);
  return bits.slice(0, Math.max(1, bits.length - 1)).reduce((sum, b) => sum + b, 0);
}

/** The smallest degree, and a p of at least `leastP`, whose noise budget lasts by the rule of thumb. */
function nearest(
  { seal, set, layout, squares }: Work,
  leastP: number,
  digits: FixedPoint | undefined,
  leastDegree = set.m,
): Record<string, number> {
  if (!digits) return {};
  for (const m of POLY_MODULUS_DEGREES.filter((degree) => degree >= leastDegree)) {
    const fits = leastP <= set.p && (!squares || allowsBatching(set.p, m));
    const p = fits ? set.p : batchingPrimeFrom(leastP, m);
    if (p === undefined) return {};
    const used = noiseBits(layout, digits.base ** digits.weightDigits, p, m);
    if (dataBits(seal, m, set.sec) >= Math.log2(p) + FRESH_BITS + used) {
      return { ...(m !== set.m && { m }), ...(p !== set.p && { p }) };
    }
  }
  return {};
}

function runTest(seal: SealModule, { set, graph, inputs }: BfvTest): BfvResult {
  checkSet(set);
  const layout = layOut(graph, inputs.length, set.m);
  const exact = valuesOf(graph, inputs);
  const squares = layout.steps.some(({ kind }) => kind === 'squares');
  const work: Work = { seal, set, graph, inputs, layout, exact, squares };
  const batching = allowsBatching(set.p, set.m);
  const least = leastUsefulDigits(graph, inputs, layout, exact, set.base);
  const leastP = least?.leastP ?? Infinity;
  if (squares && !batching) {
    const square = layout.steps.find(({ kind }) => kind === 'squares')!.node.id;
    const reason = `Layer '${square}' squares every value by itself: that takes slots, hence a prime p that is 1 modulo ${2 * set.m}, and p = ${set.p} is none. ${room(leastP, set.p)}`;
    throw new Refusal(reason.trim(), nearest(work, Math.max(leastP, set.p), least));
  }
  const choices = digitsThatFit(graph, inputs, layout, exact, set.base, set.p);
  if (choices.length === 0) {
    const reason = `No fixed point of base ${set.base} that is of use (rounding below a tenth of the largest output) fits below p/2. ${room(leastP, set.p)}`;
    throw new Refusal(reason.trim(), nearest(work, Math.max(leastP, set.p), least));
  }
  const startedKeys = performance.now();
  using evaluation = new BfvEvaluation(seal, set, batching, squares);
  const keygenMs = performance.now() - startedKeys;
  return firstThatLasts(work, evaluation, choices, keygenMs, least);
}

function room(leastP: number, p: number): string {
  if (leastP <= p) return '';
  if (leastP === Infinity) return 'No p below 2^53 would do for these layers: run them in CKKS ("sets").';
  return `A p of at least ${leastP} would hold them.`;
}

function firstThatLasts(
  work: Work,
  evaluation: BfvEvaluation,
  choices: readonly FixedPoint[],
  keygenMs: number,
  least: FixedPoint | undefined,
): BfvResult {
  const { set, layout } = work;
  using fresh = evaluation.encrypt([1]);
  const budget = evaluation.budget(fresh);
  let weightDigits = Infinity;
  let [tries, empty] = [0, ''];
  for (const choice of choices) {
    // Weights of fewer digits make less noise; what cannot last is not run.
    if (choice.weightDigits >= weightDigits || tries >= MOST_TRIES) continue;
    if (noiseBits(layout, choice.base ** choice.weightDigits, set.p, set.m) >= budget + 1) continue;
    tries += 1;
    const outcome = runOnce(work, evaluation, choice, keygenMs);
    if (typeof outcome !== 'string') return outcome;
    weightDigits = choice.weightDigits;
    empty = ` It was used up after layer '${outcome}' with weights of ${weightDigits} digits.`;
  }
  const bits = primeBits(work.seal, set.m, set.sec).join(' + ');
  const reason = `The noise budget, ${budget} bits in a fresh ciphertext (m = ${set.m} at ${set.sec} bits of security has primes of ${bits} bits, p takes ${Math.ceil(Math.log2(set.p))} of them), does not last for these layers.${empty} What is proposed is by a rule of thumb.`;
  throw new Refusal(reason, nearest(work, least?.leastP ?? set.p, least, 2 * set.m));
}

/** The result, or the node after which no noise budget was left. */
function runOnce(
  work: Work,
  evaluation: BfvEvaluation,
  choice: FixedPoint,
  keygenMs: number,
): BfvResult | string {
  const { seal, set, graph, layout, exact } = work;
  const { base, inputDigits, weightDigits, roundingError, scales } = choice;
  requireRoom(layout, evaluation.ciphertextBytes);
  const input = exact.get(graph.input.id)!;
  let started = performance.now();
  const held = layout.inputs.map((places) =>
    evaluation.encrypt(
      Array.from(places, (at) => (at < 0 ? 0 : Math.round(input[at] * base ** inputDigits))),
    ),
  );
  const encryptMs = performance.now() - started;
  let [evaluateMs, decryptMs] = [0, 0];
  let last = { maxAbsError: 0, meanAbsError: 0, noiseBudgetBits: 0 };
  const layers: BfvLayer[] = [];
  try {
    for (const [i, step] of layout.steps.entries()) {
      started = performance.now();
      const after = evaluation.run(step, held, base ** weightDigits, scales[i]);
      evaluateMs += performance.now() - started;
      for (const cipher of held.splice(0, held.length, ...after)) cipher.delete();
      started = performance.now();
      last = measure(evaluation, step, held, scales[i], exact.get(step.node.id)!);
      decryptMs = performance.now() - started;
      if (last.noiseBudgetBits === 0) return step.node.id;
      const { maxAbsError, noiseBudgetBits } = last;
      const mark = graph.layers?.find(({ output }) => output === step.node.id);
      if (mark || !graph.layers)
        layers.push({
          index: mark?.index ?? i,
          type: mark?.type ?? step.node.op,
          maxAbsError,
          noiseBudgetBits,
        });
    }
    const coeffModulusBits = primeBits(seal, set.m, set.sec);
    return {
      name: set.name,
      scheme: 'bfv',
      ran: true,
      parameters: {
        polyModulusDegree: set.m,
        coeffModulusBits,
        plainModulus: set.p,
        securityBits: set.sec,
      },
      fixedPoint: { base, inputDigits, weightDigits, roundingError },
      packing: evaluation.batching ? 'slots' : 'coefficients',
      maxAbsError: last.maxAbsError,
      meanAbsError: last.meanAbsError,
      layers,
      timings: { keygenMs, encryptMs, evaluateMs, decryptMs },
      bytes: {
        request: layout.inputs.length * evaluation.requestBytes(),
        response: held.reduce((sum, cipher) => sum + byteLength(seal, cipher), 0),
        evaluationKeys: evaluation.keyBytes,
      },
    };
  } finally {
    for (const cipher of held) cipher.delete();
  }
}

function byteLength(seal: SealModule, cipher: Ciphertext): number {
  return (cipher.saveToArray(seal.ComprModeType.none) as Uint8Array).length;
}

function requireRoom({ inputs, steps }: BfvLayout, ciphertextBytes: number): void {
  let before = inputs.length;
  for (const { node, ciphertexts } of steps) {
    const bytes = (before + ciphertexts.length) * ciphertextBytes;
    if (bytes > MOST_BYTES) {
      const message = `Layer '${node.id}' works on ${before + ciphertexts.length} ciphertexts, ${Math.round(bytes / 2 ** 20)} MiB. Test fewer layers, or a smaller m.`;
      throw new SealedError('does-not-fit', message, { stage: 'model' });
    }
    before = ciphertexts.length;
  }
}

/** Decrypts what a step made and compares it with the float network. */
function measure(
  evaluation: BfvEvaluation,
  { ciphertexts }: LayerStep,
  held: readonly Ciphertext[],
  scale: number,
  exact: Float32Array,
): { maxAbsError: number; meanAbsError: number; noiseBudgetBits: number } {
  let [maxAbsError, sum, count, noiseBudgetBits] = [0, 0, 0, Infinity];
  for (const [i, { places }] of ciphertexts.entries()) {
    noiseBudgetBits = Math.min(noiseBudgetBits, evaluation.budget(held[i]));
    if (noiseBudgetBits === 0) return { maxAbsError: NaN, meanAbsError: NaN, noiseBudgetBits };
    const values = evaluation.decrypt(held[i], places.length);
    places.forEach((element, place) => {
      if (element < 0) return;
      const error = Math.abs(values[place] / scale - exact[element]);
      maxAbsError = Math.max(maxAbsError, error);
      sum += error;
      count += 1;
    });
  }
  return { maxAbsError, meanAbsError: sum / count, noiseBudgetBits };
}

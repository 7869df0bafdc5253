// Runs a network on ciphertexts of one value each, layer by layer, and decrypts after each.
import { SealedError } from '../base/errors.ts';
import type { Graph } from '../model/graph.ts';
import type { BfvContext, Ciphertext } from './bfv-context.ts';
import type { BfvLayer } from './bfv-test.ts';
import type { ClearLayer } from './digit-clear.ts';
import { DigitLayers } from './digit-layers.ts';
import { DigitCache, type DigitRing } from './digit-tensor.ts';
import { elementPosition, layerMark } from './layer-marks.ts';

/** Bytes of ciphertexts at a time; WebAssembly has 4 GB at most. */
const MOST_BYTES = 3 * 2 ** 30;

/** What a run is made of. */
export interface DigitJob {
  readonly context: BfvContext;
  readonly ring: DigitRing;
  readonly graph: Graph;
  readonly input: Float64Array;
  readonly layers: readonly ClearLayer[];
  readonly pause: () => Promise<void>;
  /** Told the share of the work that is done. */
  readonly onShare: (share: number) => void;
}

/** What came of a run. Layers end with the one whose budget ends. */
export interface DigitOutcome {
  readonly startBudgetBits: number;
  readonly layers: readonly BfvLayer[];
  readonly encryptMs: number;
  readonly decryptMs: number;
  readonly responseBytes: number;
}

/** About how long a value of a layer takes, in multiplications by a weight; squares, transforms and decryption included. */
function workOf({ step }: ClearLayer): number {
  if (step.kind === 'same') return step.count * 10;
  if (step.kind === 'refresh') return step.count * 20;
  if (step.kind === 'squares') return step.count * 45;
  const { sources } = step.sumOf(Math.floor(step.count / 2));
  return step.count * (10 + (step.weighted ? sources.length : sources.length / 8));
}

/** About how much work all of `layers` are, in multiplications by a weight. */
export function workOfAll(layers: readonly ClearLayer[]): number {
  return layers.reduce((sum, layer) => sum + workOf(layer), 0);
}

function requireRoom({ context, layers, input }: DigitJob): void {
  let [before, size] = [input.length, context.ciphertextBytes];
  for (const [i, { step }] of layers.entries()) {
    if (step.kind === 'squares' && !context.relinKeys) size *= 1.5;
    // The last layer's are decrypted one by one.
    const count = before + (i < layers.length - 1 && step.kind === 'sums' ? step.count : 0);
    const bytes = count * size;
    if (bytes > MOST_BYTES) {
      const message = `Layer '${step.node.id}' works on ${count} ciphertexts, ${Math.round(bytes / 2 ** 20)} MiB. Test fewer layers, or a smaller m.`;
      throw new SealedError('does-not-fit', message, { stage: 'model' });
    }
    before = step.count;
  }
}

/** Largest and mean error of a layer, and the smallest budget, as its ciphertexts come. */
class Measured {
  largest = -1;
  position = 0;
  value = NaN;
  sum = 0;
  count = 0;
  budgetBits = Infinity;

  add(element: number, value: number, budgetBits: number, exact: number): void {
    const error = Math.abs(value - exact);
    if (error > this.largest) [this.largest, this.position, this.value] = [error, element, value];
    this.sum += error;
    this.count += 1;
    this.budgetBits = Math.min(this.budgetBits, budgetBits);
  }
}

/** Encrypts the input, runs every layer until the noise budget ends, and measures. @throws SealedError `aborted` */
export async function runDigits(job: DigitJob): Promise<DigitOutcome> {
  requireRoom(job);
  const { context, ring, graph, input, layers, pause, onShare } = job;
  using work = new DigitLayers(context, ring, new DigitCache(ring));
  const whole = workOfAll(layers) + 10 * input.length;
  let done = 0;
  const advance = async (steps: number): Promise<void> => {
    done += steps;
    onShare(done / whole);
    await pause();
  };
  let held: Ciphertext[] = [];
  const rows: BfvLayer[] = [];
  try {
    let started = performance.now();
    for (const value of input) {
      held.push(work.encrypt(value));
      await advance(10);
    }
    const encryptMs = performance.now() - started;
    let startBudgetBits = Infinity;
    for (const cipher of held) startBudgetBits = Math.min(startBudgetBits, context.budget(cipher));
    let [decryptMs, responseBytes] = [0, 0];
    for (const [at, layer] of layers.entries()) {
      const { step, exact } = layer;
      const isLast = at === layers.length - 1;
      const measured = new Measured();
      const each = workOf(layer) / step.count;
      const after: Ciphertext[] = [];
      const before = held;
      let evaluateMs = 0;
      decryptMs = 0;
      started = performance.now();
      if (step.kind === 'sums')
        for (const cipher of before) context.evaluator.cipherTransformToNttInplace(cipher);
      evaluateMs += performance.now() - started;
      try {
        for (let element = 0; element < step.count; element += 1) {
          started = performance.now();
          const made = makeOne(work, layer, element, before);
          evaluateMs += performance.now() - started;
          started = performance.now();
          const { value, budgetBits } = work.decrypt(made);
          decryptMs += performance.now() - started;
          measured.add(element, value, budgetBits, exact[element]);
          if (isLast && element === 0) responseBytes = step.count * context.bytesOf(made);
          if (step.kind === 'sums') {
            if (isLast) made.delete();
            else after.push(made);
          }
          if (budgetBits === 0) break;
          await advance(each);
        }
      } finally {
        if (step.kind === 'sums') {
          for (const cipher of before) cipher.delete();
          held = after;
        }
      }
      work.forget();
      rows.push(rowOf(graph, layer, measured, evaluateMs));
      if (measured.budgetBits === 0) break;
    }
    return { startBudgetBits, layers: rows, encryptMs, decryptMs, responseBytes };
  } finally {
    for (const cipher of held) cipher.delete();
  }
}

/** The ciphertext of one value of a layer: new for sums, else the one of the layer before, changed in its place. */
function makeOne(work: DigitLayers, { step }: ClearLayer, element: number, before: Ciphertext[]): Ciphertext {
  if (step.kind === 'sums') return work.sum(step.sumOf(element), step.weighted, (source) => before[source]);
  if (step.kind === 'squares') work.square(before[element]);
  if (step.kind === 'refresh') {
    const fresh = work.encrypt(work.decrypt(before[element]).value);
    before[element].delete();
    before[element] = fresh;
  }
  return before[element];
}

function rowOf(graph: Graph, layer: ClearLayer, measured: Measured, evaluateMs: number): BfvLayer {
  const { step, exact, reach, bound } = layer;
  const { largest, wrapped, unread } = reach;
  return {
    ...layerMark(graph, step.node),
    node: step.kind,
    maxAbsError: measured.largest,
    meanAbsError: measured.sum / measured.count,
    maxErrorPosition: elementPosition(step.node.shape, measured.position),
    cipherValue: measured.value,
    plainValue: exact[measured.position],
    bound,
    noiseBudgetBits: measured.budgetBits,
    ciphertexts: step.count,
    evaluateMs,
    digits: { largest, wrapped, unread },
  };
}

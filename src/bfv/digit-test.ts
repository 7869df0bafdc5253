// Tries a BFV set as PyCrCNN runs it, one value in each ciphertext, in digits: the run, what went wrong, and where.
import type { Graph } from '../model/graph.ts';
import type { SealModule } from '../seal/load.ts';
import { BfvContext } from './bfv-context.ts';
import type { BfvProblem, BfvResult, BfvSet } from './bfv-test.ts';
import { type ClearLayer, clearLayers } from './digit-clear.ts';
import { runDigits } from './digit-run.ts';
import type { DigitRing } from './digit-tensor.ts';
import { layerMark } from './layer-marks.ts';
import type { ValueStep } from './value-layout.ts';

/** A network laid out, with what it is run on. */
export interface DigitWork {
  readonly seal: SealModule;
  readonly graph: Graph;
  readonly steps: readonly ValueStep[];
  readonly input: Float64Array;
  readonly pause: () => Promise<void>;
  readonly onShare: (share: number) => void;
}

/** Below this share of the largest output, digits that decoding does not read are not worth a word. */
const NOTABLE_LOSS = 1e-4;

/** The ring of `set`. */
export function ringOf({ m, p, base, intDigits, fracDigits }: BfvSet): DigitRing {
  return { degree: m, p, base, intDigits, fracDigits };
}

/** Every layer in the clear, under `set`. */
export function inTheClear({ steps, input, pause }: DigitWork, set: BfvSet): Promise<ClearLayer[]> {
  return clearLayers(steps, input, ringOf(set), pause);
}

/** Largest absolute value. */
function peakOf(values: Float64Array): number {
  return values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}

/** Whether what decoding leaves out after `layer` is worth a word. */
export function losesDigits({ exact, reach }: ClearLayer): boolean {
  return reach.unread > NOTABLE_LOSS * peakOf(exact);
}

/** The first layer whose values are not the network's, and why; null where all are. */
function digitProblem(
  graph: Graph,
  set: BfvSet,
  layers: readonly ClearLayer[],
  endsAt: number | undefined,
): BfvProblem | null {
  const { base, fracDigits, intDigits, p } = set;
  for (const [i, layer] of layers.entries()) {
    const { index, type } = layerMark(graph, layer.step.node);
    const { largest, wrapped, unread, places } = layer.reach;
    const named = { layer: index, type };
    if (i === endsAt) {
      const reason = `The noise budget ends in layer ${index} (${type}): what is decrypted there means nothing.`;
      return { kind: 'budget', ...named, reason };
    }
    if (wrapped > 0) {
      const reason = `In layer ${index} (${type}) ${wrapped} coefficient${wrapped === 1 ? ' passes' : 's pass'} p/2 = ${Math.floor(p / 2)}, the largest with ${largest}, and come${wrapped === 1 ? 's' : ''} back with another value. A p above ${2 * largest} holds them.`;
      return { kind: 'coefficient', ...named, reason };
    }
    if (losesDigits(layer)) {
      const [low, high] = places;
      const where =
        low < -fracDigits && high < intDigits
          ? `digits below ${base}^−${fracDigits} (down to ${base}^−${-low})`
          : `digits from ${base}^${low} to ${base}^${high}`;
      const reason = `In layer ${index} (${type}) ${where} add up to ${unread.toExponential(1)}, and decoding reads ${intDigits} digits of the whole part and ${fracDigits} of the fraction alone.`;
      return { kind: 'digits', ...named, reason };
    }
  }
  return null;
}

/** What came of running `set`: its result but for the nearest that works, and what is known of it in the clear. */
export interface DigitTrial {
  readonly result: Omit<BfvResult, 'nearest'>;
  readonly clear: readonly ClearLayer[];
}

/**
 * Runs every layer under `set`.
 * @param wholeModulus SEAL 2's way: no prime is kept for key switching
 * @throws SealedError `insecure-parameters`, `does-not-fit`, `aborted`
 */
export async function tryDigits(
  work: DigitWork,
  set: BfvSet,
  wholeModulus = false,
  known?: readonly ClearLayer[],
): Promise<DigitTrial> {
  const { seal, graph, steps, input, pause, onShare } = work;
  const clear = known ?? (await inTheClear(work, set));
  const started = performance.now();
  const squares = steps.some(({ kind }) => kind === 'squares');
  using context = new BfvContext(seal, { set, squares, wholeModulus });
  const keygenMs = performance.now() - started;
  const run = await runDigits({ context, ring: ringOf(set), graph, input, layers: clear, pause, onShare });
  const last = run.layers.at(-1)!;
  const endsAt = last.noiseBudgetBits === 0 ? run.layers.length - 1 : undefined;
  const result = {
    name: set.name,
    scheme: 'bfv',
    ran: true,
    set,
    parameters: context.parametersOf(set),
    packing: 'digits',
    fixedPoint: null,
    startBudgetBits: run.startBudgetBits,
    maxAbsError: last.maxAbsError,
    meanAbsError: last.meanAbsError,
    layers: run.layers,
    problem: digitProblem(graph, set, clear, endsAt),
    timings: {
      keygenMs,
      encryptMs: run.encryptMs,
      evaluateMs: run.layers.reduce((sum, { evaluateMs }) => sum + evaluateMs, 0),
      decryptMs: run.decryptMs,
    },
    bytes: {
      request: input.length * context.requestBytes(),
      response: run.responseBytes,
      evaluationKeys: context.keyBytes,
    },
  } as const;
  return { result, clear };
}

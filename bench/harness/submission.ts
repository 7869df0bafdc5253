// What is decided before a harness run begins: network, plan and card of an instance, made once and read by every stage.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../../src/compiler/compile.ts';
import { importModel } from '../../src/import/import-model.ts';
import { atOnce } from '../../src/base/controls.ts';
import { readNpy } from '../../src/import/numpy.ts';
import type { Graph } from '../../src/model/graph.ts';
import { COST_TABLES } from '../../src/plan/cost-tables.ts';
import { encodePlan, planSteps } from '../../src/plan/plan-codec.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { PlanLimits } from '../../src/plan/plan-limits.ts';
import type { PriceWeights } from '../../src/plan/preference.ts';
import { sha256Hex } from '../../src/base/sha256.ts';
import type { Card } from '../../src/protocol/card.ts';
import { decodeCard, encodeCard } from '../../src/protocol/card-codec.ts';
import { type InstanceFolders, INSTANCES, PIXELS } from './folders.ts';

const MODELS = new URL('../../public/models/', import.meta.url);

/** The activation of the network that is submitted. */
export const ACTIVATIONS = ['relu', 'square'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/** How a network is planned for one picture, and for several that share their ciphertexts. */
interface Planning {
  readonly tolerance?: number;
  readonly prefer: PriceWeights;
  readonly limits: PlanLimits;
}

/** Weights of a run's price: keys are made once, and count as much as the harness' figures for them allow. */
const weighing = (keysMs: number): PriceWeights => ({ evaluateMs: 1, keysMs, requestMs: 1, responseMs: 1 });

/** ReLU becomes a fitted polynomial of degree 15. */
const OPTIONS: Readonly<Record<Activation, Planning>> = {
  relu: { tolerance: 0.035, prefer: weighing(0.06), limits: { memoryBytes: 1.2e9 } },
  square: { prefer: weighing(1), limits: { memoryBytes: 1.2e9 } },
};

// Beyond this many inputs at once nothing more is shared.
const MOST_AT_ONCE = 512;

/** The submitted network. */
export function networkOf(activation: Activation): Graph {
  return importModel(readFileSync(new URL(`digits-${activation}.onnx`, MODELS)));
}

/** Pictures that ranges are taken from: drawn ones, those that take the network furthest. */
function samplesOf(
  activation: Activation,
): { readonly shape: readonly number[]; readonly data: Float32Array }[] {
  const { shape, data } = readNpy(readFileSync(new URL(`digits-${activation}-samples.npy`, MODELS)));
  return Array.from({ length: shape[0] }, (_, i) => ({
    shape: [PIXELS],
    data: data.slice(i * PIXELS, (i + 1) * PIXELS),
  }));
}

/** What every stage knows of an instance. */
export interface Submission {
  readonly card: Card;
  /** The server's: the client knows the card alone. */
  readonly plan: Plan;
}

/**
 * Plans the network for an instance and writes card and plan to its build folder.
 * @throws SealedError `does-not-fit`
 */
export function buildSubmission(folders: InstanceFolders, activation: Activation): Submission {
  const batch = Math.min(MOST_AT_ONCE, INSTANCES[folders.size].pictures);
  const graph = networkOf(activation);
  const { plans, interface: face } = compile(graph, {
    costs: COST_TABLES.simd,
    calibration: samplesOf(activation),
    batch,
    ...OPTIONS[activation],
  });
  const [encoded] = plans.map(encodePlan);
  const hash = sha256Hex(encoded);
  const card: Card = {
    ...face,
    model: `digits-${activation}`,
    modelHash: hash,
    planHash: hash,
    backend: 'simd',
  };
  mkdirSync(folders.build, { recursive: true });
  writeFileSync(join(folders.build, 'card'), encodeCard(card));
  writeFileSync(join(folders.build, 'plan'), encoded);
  return { card, plan: plans[0] };
}

/** The card of a built instance: all that a client stage reads. */
export function cardOf(folders: InstanceFolders): Card {
  return decodeCard(new Uint8Array(readFileSync(join(folders.build, 'card'))));
}

/** The plan of a built instance: the server's. */
export function planOf(folders: InstanceFolders): Plan {
  return atOnce(planSteps(new Uint8Array(readFileSync(join(folders.build, 'plan')))));
}

// A card as its service holds it: with the plans, split for the evaluators as runs ask for it.
import { assert } from '../base/assert.ts';
import { inSlices } from '../base/controls.ts';
import { sha256Hex } from '../base/sha256.ts';
import type { Explanation } from '../plan/explanation.ts';
import { type Partition, partitionPlan } from '../plan/partition.ts';
import type { Plan } from '../plan/plan.ts';
import { encodePlanPart, planSteps } from '../plan/plan-codec.ts';
import type { Card } from '../protocol/card.ts';
import { encodeCard } from '../protocol/card-codec.ts';
import type { ServerBackendName } from '../protocol/backends.ts';
import type { CompiledModel, ModelSource } from './compiler-role.ts';
import { type ContextName, contextOf } from './pool.ts';

/** A segment's plan split over some evaluators, each part under a name. */
export interface PlacedPlan {
  readonly partition: Partition;
  readonly planIds: readonly string[];
  /** The encoded part number `index`. */
  readonly part: (index: number) => Uint8Array;
}

/** A compiled model under its card's name. */
export class CompiledCard {
  readonly card: Card;
  readonly bytes: Uint8Array;
  readonly hash: string;
  readonly context: ContextName;
  readonly explanation: Explanation;
  readonly plans: readonly Plan[];
  readonly #encoded: readonly Uint8Array[];
  /** What it weighs in a cache. */
  readonly weight: number;
  readonly #placed = new Map<string, PlacedPlan>();

  private constructor(
    source: ModelSource,
    compiled: CompiledModel,
    backend: ServerBackendName,
    decoded: readonly Plan[],
  ) {
    const { plans, planHash, interface: face, explanation } = compiled;
    this.card = { ...face, model: source.id, modelHash: source.hash, planHash, backend };
    this.bytes = encodeCard(this.card);
    this.hash = sha256Hex(this.bytes);
    this.context = contextOf(face.parameters, backend);
    this.explanation = explanation;
    this.#encoded = plans;
    this.plans = decoded;
    this.weight = plans.reduce((sum, { byteLength }) => sum + byteLength, this.bytes.byteLength);
    assert(this.plans.length === face.segments.length, 'there is a plan for each segment');
  }

  /**
   * Reads and verifies what the compiler has made, with `pause` between the steps: the service hears its clients meanwhile.
   * @throws SealedError `malformed-frame`, `plan-rejected`, or whatever `pause` throws
   */
  static async read(
    source: ModelSource,
    compiled: CompiledModel,
    backend: ServerBackendName,
    pause: () => Promise<void>,
  ): Promise<CompiledCard> {
    const plans: Plan[] = [];
    for (const bytes of compiled.plans) plans.push(await inSlices(planSteps(bytes), pause));
    return new CompiledCard(source, compiled, backend, plans);
  }

  /** The whole plan of `segment`, encoded. */
  encodedPlan(segment: number): Uint8Array {
    return this.#encoded[segment];
  }

  /** The plan of `segment` split over `width` evaluators. */
  placed(segment: number, width: number): PlacedPlan {
    // Plans of both backends may be alike to the byte, but an evaluator keeps each for its own.
    const name = `${this.card.planHash}/${this.card.backend}/${segment}/${width}`;
    let placed = this.#placed.get(name);
    if (!placed) {
      const partition = partitionPlan(this.plans[segment], width);
      const planIds = partition.parts.map((_, index) => `${name}/${index}`);
      const { parameters } = this.plans[segment];
      placed = { partition, planIds, part: (index) => encodePlanPart(partition.parts[index], parameters) };
      this.#placed.set(name, placed);
    }
    return placed;
  }
}

// The simulation mode: a whole plan on plaintext slots through the same interpreter, with the clear backend.
import { checkParameters } from '../params/parameters.ts';
import { pictureOf } from '../plan/finish.ts';
import { packInput, unpackOutput } from '../plan/layout.ts';
import { partitionPlan } from '../plan/partition.ts';
import type { Plan } from '../plan/plan.ts';
import { packGather, unpackSlots } from '../plan/slot-layout.ts';
import type { SimulatorRole } from '../protocol/contracts.ts';
import { ClearBackend, type ClearCiphertext } from './backends/clear/clear-backend.ts';
import { PreparedPart, runSegment, type Values } from './interpreter.ts';

/** The slots of `plan`'s outputs, by their number, from those of its inputs. */
async function simulatePlan(
  plan: Plan,
  inputs: readonly Float64Array[],
): Promise<ReadonlyMap<number, ClearCiphertext>> {
  using backend = new ClearBackend(checkParameters(plan.parameters));
  let values: Values<ClearCiphertext> = new Map(inputs.map((slots, index) => [index, { slots }]));
  using part = new PreparedPart(backend, partitionPlan(plan, 1).parts[0]);
  for (const segment of part.segments) {
    const next: Values<ClearCiphertext> = new Map();
    await runSegment(
      backend,
      segment,
      values,
      () => Promise.resolve(),
      (output, c) => next.set(output, c),
    );
    values = next;
  }
  return values;
}

/** A simulator; it encrypts nothing and is no server role. */
export function createSimulator(): SimulatorRole {
  return Object.freeze({
    async simulate(plan, card, input, reference) {
      const start = performance.now();
      const [channels, height, width] = card.output.layout.shape;
      const tensor = new Float32Array(channels * height * width);
      const outputs = await simulatePlan(plan, packInput(card.input.layout, input));
      for (const [index, { slots }] of outputs) unpackOutput(card.output.layout, index, slots, tensor);
      const evaluateMs = performance.now() - start;
      return { picture: pictureOf(card, tensor, reference), evaluateMs };
    },

    async simulateTensor(plan, card, input, inputs) {
      const start = performance.now();
      const values = new Float32Array(inputs * card.output.layout.ciphertext.length);
      const outputs = await simulatePlan(plan, packGather(card.input.layout, input));
      for (const [index, { slots }] of outputs) unpackSlots(card.output.layout, index, slots, values);
      return { values, evaluateMs: performance.now() - start };
    },
  } satisfies SimulatorRole);
}

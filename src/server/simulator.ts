// The simulation mode: a whole plan on plaintext slots through the same interpreter, with the clear backend.
import { partitionPlan } from '../plan/partition.ts';
import type { Plan } from '../plan/plan.ts';
import { decodePlan } from '../plan/plan-codec.ts';
import { outputElements, packValues, unpackValues } from '../plan/tensor-packing.ts';
import type { SimulatorRole } from '../protocol/simulator.ts';
import { ClearBackend, type ClearCiphertext } from './backends/clear/clear-backend.ts';
import { preparePart, runSegment, type Values } from './interpreter.ts';

/** The slots of `plan`'s outputs, by their number, from those of its inputs. */
async function simulatePlan(
  plan: Plan,
  inputs: readonly Float64Array[],
): Promise<ReadonlyMap<number, ClearCiphertext>> {
  using backend = new ClearBackend(plan.parameters);
  let values: Values<ClearCiphertext> = new Map(inputs.map((slots, index) => [index, { slots }]));
  const nothing = (): Promise<void> => Promise.resolve();
  using part = await preparePart(backend, partitionPlan(plan, 1).parts[0], nothing);
  for (const segment of part.segments) {
    const next: Values<ClearCiphertext> = new Map();
    await runSegment(backend, segment, values, nothing, (output, c) => next.set(output, c));
    values = next;
  }
  return values;
}

/** A simulator; it encrypts nothing and is no server role. */
export function createSimulator(): SimulatorRole {
  return Object.freeze({
    async simulate(bytes, { input, output }, values, inputs) {
      const start = performance.now();
      const results = new Float32Array(inputs * outputElements(output.layout));
      const outputs = await simulatePlan(decodePlan(bytes), packValues(input.layout, values));
      for (const [index, { slots }] of outputs) unpackValues(output.layout, index, slots, results);
      return { values: results, evaluateMs: performance.now() - start };
    },
  } satisfies SimulatorRole);
}

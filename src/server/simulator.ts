// The simulation mode: a whole plan on plaintext slots through the same interpreter, with the clear backend.
import { inSlices, yielding } from '../base/controls.ts';
import { partitionPlan } from '../plan/partition.ts';
import type { Plan } from '../plan/plan.ts';
import { planSteps } from '../plan/plan-codec.ts';
import { outputElements, packValues, unpackValues } from '../plan/tensor-packing.ts';
import type { SimulatorRole } from '../protocol/simulator.ts';
import { ClearBackend, type ClearCiphertext, decodedSlots } from './backends/clear/clear-backend.ts';
import { preparePart, runSegment, type Values } from './interpreter.ts';

/** The slots of `plan`'s outputs, by their number, from those of its inputs. */
async function simulatePlan(
  plan: Plan,
  inputs: readonly Float64Array[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<number, ClearCiphertext>> {
  using backend = new ClearBackend(plan.parameters);
  let values: Values<ClearCiphertext> = new Map(inputs.map((slots, index) => [index, { slots }]));
  const pause = yielding(signal, 'server');
  using part = await preparePart(backend, partitionPlan(plan, 1).parts[0], pause);
  for (const segment of part.segments) {
    const next: Values<ClearCiphertext> = new Map();
    await runSegment(backend, segment, values, pause, (output, c) => next.set(output, c));
    values = next;
  }
  return values;
}

/** A simulator; it encrypts nothing and is no server role. */
export function createSimulator(): SimulatorRole {
  return Object.freeze({
    async simulate(bytes, { input, output }, values, inputs, { signal } = {}) {
      const start = performance.now();
      const results = new Float32Array(inputs * outputElements(output.layout));
      const plan = await inSlices(planSteps(bytes), yielding(signal, 'server'));
      const outputs = await simulatePlan(plan, packValues(input.layout, values), signal);
      for (const [index, ciphertext] of outputs) {
        unpackValues(output.layout, index, decodedSlots(ciphertext), results);
      }
      return { values: results, evaluateMs: performance.now() - start };
    },
  } satisfies SimulatorRole);
}

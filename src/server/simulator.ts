// The simulation mode: a whole plan on plaintext slots through the same interpreter, with the clear backend.
import { checkParameters } from '../params/parameters.ts';
import { pictureOf } from '../plan/finish.ts';
import { packInput, unpackOutput } from '../plan/layout.ts';
import { partitionPlan } from '../plan/partition.ts';
import type { SimulatorRole } from '../protocol/contracts.ts';
import { ClearBackend, type ClearCiphertext } from './clear-backend.ts';
import { PreparedPart, runSegment, type Values } from './interpreter.ts';

/** A simulator; it encrypts nothing and is no server role. */
export function createSimulator(): SimulatorRole {
  return Object.freeze({
    async simulate(plan, card, input, reference) {
      const start = performance.now();
      using backend = new ClearBackend(checkParameters(card.parameters));
      let values: Values<ClearCiphertext> = new Map();
      packInput(card.input.layout, input).forEach((slots, index) => values.set(index, { slots }));
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
      const [channels, height, width] = card.output.layout.shape;
      const tensor = new Float32Array(channels * height * width);
      for (const [index, { slots }] of values) unpackOutput(card.output.layout, index, slots, tensor);
      const evaluateMs = performance.now() - start;
      return { picture: pictureOf(card, tensor, reference), evaluateMs };
    },
  } satisfies SimulatorRole);
}

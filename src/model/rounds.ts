// A network in stretches, between which its client computes layers and keeps values for later.
import { executeBatch } from './batch.ts';
import type { Graph } from './graph.ts';

/** What the client does after a stretch. */
export interface ClientRound {
  /** On the stretch's output followed by what was kept before, for each input; undefined where nothing changes. */
  readonly client: Graph | undefined;
  /** Elements at the end of its result that stay with the client, 0 unless given. */
  readonly kept?: number | undefined;
}

/** What a round makes of inputs, each one after the other. */
export interface RoundResult {
  /** What the next stretch is given, or the network's result. */
  readonly values: Float32Array;
  /** What stays with the client. */
  readonly kept: Float32Array;
}

/** Parts of each input, joined: those of `a`, then those of `b`. */
function besideEach(a: Float32Array, b: Float32Array, inputs: number): Float32Array {
  if (b.length === 0) return a;
  const [first, second] = [a.length / inputs, b.length / inputs];
  const joined = new Float32Array(a.length + b.length);
  for (let i = 0; i < inputs; i += 1) {
    joined.set(a.subarray(i * first, (i + 1) * first), i * (first + second));
    joined.set(b.subarray(i * second, (i + 1) * second), i * (first + second) + first);
  }
  return joined;
}

/**
 * One round.
 * @param output the stretch's, of `inputs` inputs one after the other
 * @param kept what the round before kept of them
 */
export function executeRound(
  { client, kept: keeps = 0 }: ClientRound,
  output: Float32Array,
  kept: Float32Array,
  inputs: number,
): RoundResult {
  const result = executeBatch(client, besideEach(output, kept, inputs));
  if (keeps === 0) return { values: result, kept: new Float32Array(0) };
  const size = result.length / inputs;
  const values = new Float32Array(result.length - keeps * inputs);
  const rest = new Float32Array(keeps * inputs);
  for (let i = 0; i < inputs; i += 1) {
    const end = (i + 1) * size;
    values.set(result.subarray(i * size, end - keeps), i * (size - keeps));
    rest.set(result.subarray(end - keeps, end), i * keeps);
  }
  return { values, kept: rest };
}

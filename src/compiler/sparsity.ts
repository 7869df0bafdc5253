// Zeros among a network's weights: which of them shorten a plan, and what would where they do not.
import type { Graph, Tensor } from '../model/graph.ts';
import type { ExplainedSparsity } from '../plan/explanation.ts';

/** Zeros of one weight tensor `[out, in, …]`, and those of them that stand in outputs or inputs that have nothing else. */
function zerosOf({ shape, data }: Tensor): { readonly zeros: number; readonly structured: number } {
  const [outputs, inputs = 1] = shape;
  const taps = data.length / (outputs * inputs);
  const rowUsed = new Uint8Array(outputs);
  const columnUsed = new Uint8Array(inputs);
  let zeros = 0;
  for (let at = 0; at < data.length; at += 1) {
    if (data[at] === 0) {
      zeros += 1;
      continue;
    }
    const block = Math.floor(at / taps);
    rowUsed[Math.floor(block / inputs)] = 1;
    columnUsed[block % inputs] = 1;
  }
  const count = (used: Uint8Array): number => used.reduce((sum, bit) => sum + bit, 0);
  return { zeros, structured: data.length - count(rowUsed) * count(columnUsed) * taps };
}

// Fewer zeros than this are nobody's pruning.
const LEAST_SHARE = 0.05;

/** What the zeros among `graph`'s weights are worth; undefined where there are next to none. */
export function sparsityOf({ nodes }: Graph): ExplainedSparsity | undefined {
  let [weights, zeros, structured] = [0, 0, 0];
  for (const node of nodes) {
    if (node.op !== 'conv2d' && node.op !== 'convTranspose2d' && node.op !== 'linear') continue;
    const own = zerosOf(node.weight);
    weights += node.weight.data.length;
    zeros += own.zeros;
    structured += own.structured;
  }
  if (weights === 0 || zeros < LEAST_SHARE * weights) return undefined;
  const percent = (count: number): string => `${Math.round((100 * count) / weights)} %`;
  const saved =
    structured > 0
      ? `${percent(structured)} stand in whole rows, columns or channels of zeros, which are left out`
      : 'none of them in whole rows, columns or channels, so that they save nothing';
  const advice =
    structured < zeros / 2
      ? ': a product takes as long for one weight as for a whole diagonal of them. Pruning whole channels or neurons shortens a plan, and so does pruning whole diagonals'
      : '';
  return {
    weights,
    zeros,
    structured,
    description: `${percent(zeros)} of the weights are 0, ${saved}${advice}`,
  };
}

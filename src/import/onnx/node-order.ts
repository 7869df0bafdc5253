// The nodes of an ONNX graph that an output needs, each after those that it reads: files have others, and other orders.
import { SealedError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { printable } from '../file-text.ts';
import type { GraphProto, NodeProto } from './onnx_pb.js';
import { malformed } from './values.ts';

/**
 * The output to compute: the one asked for, or the first.
 * @throws SealedError `invalid-argument` for one that no node computes
 */
export function outputName(graph: GraphProto, asked: string | undefined): string {
  if (asked === undefined) {
    const [first] = graph.output;
    if (!first) throw malformed('The model has no output.');
    return first.name;
  }
  const known = new Set(graph.node.flatMap(({ output }) => output));
  if (known.has(asked)) return asked;
  const outputs = graph.output.map(({ name }) => printable(name));
  const near = nearestName(asked, [...known]);
  throw new SealedError(
    'invalid-argument',
    `The model computes no '${printable(asked)}'${near === undefined ? '' : ` (did you mean '${printable(near)}'?)`}: its outputs are ${outputs.slice(0, 8).join(', ')}.`,
    { stage: 'model' },
  );
}

/** The nodes that `output` needs, in an order in which each comes after what it reads, otherwise as in the file. */
export function neededNodes({ node: nodes }: GraphProto, output: string): NodeProto[] {
  const makers = new Map<string, number>();
  nodes.forEach((node, index) => {
    for (const name of node.output) if (name !== '' && !makers.has(name)) makers.set(name, index);
  });
  const state = new Uint8Array(nodes.length);
  const order: NodeProto[] = [];
  const pending: number[] = [];
  const ask = (name: string): void => {
    const maker = makers.get(name);
    if (maker !== undefined && state[maker] !== DONE) pending.push(maker);
  };
  const needed = new Set<number>();
  ask(output);
  while (pending.length > 0) {
    const index = pending.pop()!;
    if (needed.has(index)) continue;
    needed.add(index);
    for (const name of nodes[index].input) ask(name);
  }
  for (const start of [...needed].sort((a, b) => a - b)) {
    pending.push(start);
    while (pending.length > 0) {
      const index = pending.at(-1);
      if (state[index] === DONE) {
        pending.pop();
        continue;
      }
      const before = pending.length;
      for (const name of nodes[index].input) {
        const maker = makers.get(name);
        if (maker === undefined || state[maker] === DONE) continue;
        if (state[maker] === OPEN)
          throw malformed(`Node '${printable(nodes[index].name || name)}' reads what comes of it.`);
        pending.push(maker);
      }
      state[index] = OPEN;
      if (pending.length > before) continue;
      state[index] = DONE;
      order.push(nodes[index]);
      pending.pop();
    }
  }
  return order;
}

const OPEN = 1;
const DONE = 2;

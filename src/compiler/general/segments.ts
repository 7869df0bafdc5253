// Cuts a graph where the client takes part: refreshes, layers only it can compute, and whatever follows the last of them.
// Values that pass over such a place go to the client, which holds them until they are read.
import { elementCount, type Graph, type Node, type Shape, type ValueId } from '../../model/graph.ts';
import { neededNodes, placesOf, readersOf, type SegmentRules } from './places.ts';

export type { SegmentRules } from './places.ts';

/** A value with its shape. */
export interface SegmentValue {
  readonly id: ValueId;
  readonly shape: Shape;
}

/** A stretch that runs encrypted, and what the client computes on its decrypted result. */
export interface Segment {
  readonly graph: Graph;
  /** The values that its input and its output are made of, one after the other. */
  readonly inputs: readonly SegmentValue[];
  readonly outputs: readonly SegmentValue[];
  /**
   * Layers the client computes afterwards, on the output followed by what it kept before; undefined where nothing changes.
   * Its result is the next segment's input, followed by what it keeps.
   */
  readonly client: Graph | undefined;
  /** Elements of the client's result that it keeps: they are at its end. */
  readonly kept: number;
}

// What takes several values apart and joins them is no layer of the file's.
const JOINT = '\u2295 ';

/** Whether a node was added to take values apart or to join them. */
export function isJoint(id: ValueId): boolean {
  return id.startsWith(JOINT);
}

/** The value that `id` stands for in a segment that takes several. */
export function originalOf(id: ValueId): ValueId {
  return isJoint(id) ? id.slice(JOINT.length) : id;
}

/** A graph from `inputs`, one after the other in its input, to `outputs`, likewise. */
function assemble(
  name: string,
  inputs: readonly SegmentValue[],
  nodes: readonly Node[],
  outputs: readonly SegmentValue[],
): Graph {
  const size = (values: readonly SegmentValue[]): number =>
    values.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const before: Node[] = [];
  let input = inputs[0];
  const renamed = new Map<ValueId, ValueId>();
  if (inputs.length > 1) {
    input = { id: `${JOINT}input`, shape: [size(inputs)] };
    let at = 0;
    for (const { id, shape } of inputs) {
      const length = elementCount(shape);
      const [flat, own] = [`${JOINT}${id} in order`, `${JOINT}${id}`];
      before.push({ id: flat, inputs: [input.id], shape: [length], op: 'slice', starts: [at], steps: [1] });
      before.push({ id: own, inputs: [flat], shape, op: 'reshape' });
      renamed.set(id, own);
      at += length;
    }
  }
  const nameOf = (id: ValueId): ValueId => renamed.get(id) ?? id;
  const own =
    renamed.size === 0 ? nodes : nodes.map((node) => ({ ...node, inputs: node.inputs.map(nameOf) }));
  const after: Node[] = [];
  let output = nameOf(outputs[0].id);
  if (outputs.length > 1) {
    const parts = outputs.map(({ id, shape }): ValueId => {
      const flat = `${JOINT}${id} flat`;
      // Once, though the server may be given a value that a later stretch needs as well.
      if (!after.some((node) => node.id === flat))
        after.push({ id: flat, inputs: [nameOf(id)], shape: [elementCount(shape)], op: 'reshape' });
      return flat;
    });
    output = `${JOINT}output`;
    after.push({ id: output, inputs: parts, shape: [size(outputs)], op: 'concat', axis: 0 });
  }
  return { name, input, nodes: [...before, ...own, ...after], output };
}

/**
 * `graph` as segments.
 * @throws SealedError `invalid-argument` for a refresh after a layer that is not there
 */
export function cutSegments(graph: Graph, rules: SegmentRules): Segment[] {
  const nodes = neededNodes(graph);
  const { places } = placesOf(graph, nodes, rules);
  const readers = readersOf(nodes);
  const shapes = new Map(nodes.map(({ id, shape }) => [id, shape]));
  const valueOf = (id: ValueId): SegmentValue => ({ id, shape: shapes.get(id) ?? graph.input.shape });
  const order = [graph.input.id, ...nodes.map(({ id }) => id)];
  const last = Math.max(...order.map((id) => places.get(id)!.round));
  const isRead = (id: ValueId, by: (node: Node) => boolean): boolean => readers.get(id)?.some(by) ?? false;
  /** Whether stretch `round` of the server needs `id` to be given to it. */
  const isGiven = (id: ValueId, round: number): boolean => {
    const from = places.get(id)!;
    if (from.by === 'server' && from.round === round) return false;
    return isRead(id, (node) => {
      const { by, round: at } = places.get(node.id)!;
      return by === 'server' && at === round;
    });
  };
  const segments: Segment[] = [];
  let inputs: readonly ValueId[] = [graph.input.id];
  let kept: readonly ValueId[] = [];
  for (let round = 0; round <= last; round += 1) {
    const placed = (by: 'server' | 'client'): Node[] =>
      nodes.filter(({ id }) => places.get(id)!.by === by && places.get(id)!.round === round);
    const outputs = order.filter((id) => {
      const from = places.get(id)!;
      if (from.by !== 'server' || from.round !== round) return false;
      return (
        id === graph.output ||
        isRead(id, (node) => {
          const { by, round: at } = places.get(node.id)!;
          return by === 'client' || at > round;
        })
      );
    });
    const held = [...outputs, ...kept, ...placed('client').map(({ id }) => id)];
    const isLast = round === last;
    const next = isLast ? [graph.output] : held.filter((id) => isGiven(id, round + 1));
    const isLater = (id: ValueId): boolean =>
      isRead(id, (node) => {
        const { by, round: at } = places.get(node.id)!;
        return at > (by === 'client' ? round : round + 1);
      });
    const keeps = isLast ? [] : held.filter(isLater);
    const number = last > 0 ? `${graph.name}, part ${round + 1} of ${last + 1}` : graph.name;
    const values = (of: readonly ValueId[]): SegmentValue[] => of.map(valueOf);
    const [given, made] = [
      [...outputs, ...kept],
      [...next, ...keeps],
    ];
    const isSame = given.length === made.length && given.every((id, i) => id === made[i]);
    segments.push({
      graph: assemble(number, values(inputs), placed('server'), values(outputs)),
      inputs: values(inputs),
      outputs: values(outputs),
      client: isSame
        ? undefined
        : assemble(`${graph.name}, client`, values(given), placed('client'), values(made)),
      kept: values(keeps).reduce((sum, { shape }) => sum + elementCount(shape), 0),
    });
    inputs = next;
    kept = keeps;
  }
  return segments;
}

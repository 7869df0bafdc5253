// Casts at the client: how near to a whole number a value counts as that number, since encryption adds a little to it.
import type { Graph, NodeOf, Tensor, ValueId } from '../../model/graph.ts';
import { castValue } from '../../model/operators/cast.ts';
import type { NetworkSegment } from './compile-segment.ts';
import { networkErrorBound, passOn, startOf } from '../network-error.ts';

// Beyond half, every value counts as the nearest whole number already.
const MOST_SLACK = 0.5;
// What single precision may do to a whole number, as a share of it.
const SINGLE_PRECISION = 2 ** -22;

type Cast = NodeOf<'cast'>;

/** `graph` up to the value `output`. */
function upTo(graph: Graph, output: ValueId): Graph {
  const end = graph.nodes.findIndex(({ id }) => id === output) + 1;
  return { ...graph, nodes: graph.nodes.slice(0, end), output };
}

/** How near the values of `samples` come to a whole number that they are not and that casts to something else. */
function nearestMiss(to: Cast['to'], samples: readonly Float32Array[]): number {
  let nearest = Infinity;
  for (const x of samples.flatMap((values) => [...values])) {
    const whole = Math.round(x);
    const distance = Math.abs(x - whole);
    if (distance <= SINGLE_PRECISION * Math.abs(whole)) continue;
    if (castValue(to, x) !== castValue(to, whole)) nearest = Math.min(nearest, distance);
  }
  return nearest;
}

/**
 * `segments` with the slack of every cast that the client computes. A value that is a whole number, or zero, is then cast as
 * that, whichever side of it the noise puts it on. It is the bound of the error of what is cast, but at most half of what
 * would change a value of the samples: the bound is a generous one, and most networks cast values that are nowhere whole.
 */
export function allowForNoise(
  segments: readonly NetworkSegment[],
  samples: readonly Tensor[],
): NetworkSegment[] {
  const done: NetworkSegment[] = [];
  for (const segment of segments) {
    let { client } = segment;
    const casts = client?.nodes.filter((node): node is Cast => node.op === 'cast') ?? [];
    for (const { id, inputs, to } of casts) {
      const before = [...done, { ...segment, client: upTo(client!, inputs[0]), kept: 0 }];
      const values = samples.map(
        (sample) => before.reduce((position, part) => passOn(part, position), startOf(sample)).input,
      );
      const bound = networkErrorBound(before, samples);
      const slack = Math.min(MOST_SLACK, bound, nearestMiss(to, values) / 2);
      const nodes = client!.nodes.map((node) => (node.id === id ? { ...node, slack } : node));
      client = { ...client!, nodes };
    }
    done.push({ ...segment, client });
  }
  return done;
}

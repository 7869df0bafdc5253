// Layers beyond a model, against what Python's slice is defined to do.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../model/graph.ts';
import { parseLayerSpan, sliceLayers, sliceNote } from './layer-slice.ts';

function model(layers: number): Graph {
  const indices = Array.from({ length: layers }, (_, index) => index);
  return {
    name: 'x',
    input: { id: 'x', shape: [1] },
    nodes: [],
    output: 'x',
    layers: indices.map((index) => ({ index, name: `l${index}`, type: 'Square', output: `l${index}` })),
  };
}

describe('sliceLayers', () => {
  it('is net[first : last + 1] of a list', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(12), fc.nat(12), (count, a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        // JavaScript's slice clips as Python's for indices from 0 on.
        const list = Array.from({ length: count }, (_, i) => i).slice(first, last + 1);
        if (list.length === 0) {
          expect(() => sliceLayers(model(count), [first, last])).toThrow(/There are no layers/);
        } else {
          const sliced = sliceLayers(model(count), [first, last]);
          expect(sliced).toEqual([list[0], list.at(-1)]);
          expect(sliceNote([first, last], sliced) === undefined).toBe(last < count);
        }
      }),
    );
  });

  it('says what was asked for and what is run', () => {
    expect(sliceNote([0, 7], sliceLayers(model(7), [0, 7]))).toMatch(/Layers 0–7 were asked for.*0–6/);
  });
});

describe('parseLayerSpan', () => {
  it.each<[string, readonly [number, number] | undefined]>([
    ['0-3', [0, 3]],
    [' 2 – 5 ', [2, 5]],
    ['4', [4, 4]],
    ['0,1,2,3', [0, 3]],
    ['3, 2, 4', [2, 4]],
    ['0,2', undefined],
    ['0-', undefined],
    ['', undefined],
    ['a-b', undefined],
  ])('of %j is %j', (text, expected) => expect(parseLayerSpan(text)).toEqual(expected));
});

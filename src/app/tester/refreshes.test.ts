// Where a parameter file's re-encryptions fall: PyCrCNN's list insertions, held against a list.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Graph, Node } from '../../model/graph.ts';
import { layersBefore, refreshedAfter } from './refreshes.ts';

describe('layersBefore', () => {
  it.each([
    [
      [2, 5],
      [2, 4],
    ],
    [[0], [0]],
    [
      [5, 2],
      [2, 5],
    ],
    [[1, 2, 3], [1]],
    [
      [1, 3],
      [1, 2],
    ],
    [[7], [7]],
    [[], []],
  ])('positions %j of seven layers come after %j of them', (positions, expected) => {
    expect(layersBefore(positions, 7)).toEqual(expected);
  });

  it('is what PyCrCNN’s insertions into the list of layers come to', () => {
    const positions = fc.array(fc.nat(6), { maxLength: 6 });
    fc.assert(
      fc.property(positions, fc.integer({ min: 6, max: 9 }), (at, count) => {
        const list: (number | 'again')[] = Array.from({ length: count }, (_, i) => i);
        for (const position of at) list.splice(position, 0, 'again');
        const found = list.flatMap((item, i) =>
          item === 'again' ? [list.slice(0, i).filter((x) => x !== 'again').length] : [],
        );
        expect(layersBefore(at, count)).toEqual([...new Set(found)]);
      }),
    );
  });

  it('refuses a position beyond the end of the list', () => {
    expect(() => layersBefore([1, 5], 3)).toThrow(/has 5, but 3 layers/);
  });
});

/** Six squares, numbered from 0 but for the third, which the importer left out. */
function squares(): Graph {
  const nodes = Array.from({ length: 6 }, (_, i): Node => ({
    id: `s${i}`,
    inputs: [i === 0 ? 'x' : `s${i - 1}`],
    shape: [2],
    op: 'square',
  }));
  const layers = nodes.map(({ id }, i) => ({
    index: i < 3 ? i : i + 1,
    name: id,
    type: 'Square',
    output: id,
  }));
  return { name: 'squares', input: { id: 'x', shape: [2] }, nodes, output: 's5', layers };
}

describe('refreshedAfter', () => {
  it('names the layers that are done before each position', () => {
    expect(refreshedAfter(squares(), undefined, { kind: 'positions', at: [2, 5] })).toEqual([1, 4]);
  });

  it('leaves out what needs no refresh: a fresh input, and a result that is decrypted anyway', () => {
    expect(refreshedAfter(squares(), undefined, { kind: 'positions', at: [0, 7, 3] })).toEqual([1]);
  });

  it('counts within the layers that are run', () => {
    expect(refreshedAfter(squares(), [1, 5], { kind: 'positions', at: [1] })).toEqual([1]);
  });

  it('takes layers by their number as they are', () => {
    expect(refreshedAfter(squares(), undefined, { kind: 'after', layers: [4, 1] })).toEqual([4, 1]);
    expect(refreshedAfter(squares(), undefined, undefined)).toEqual([]);
  });
});

// The cache with a budget: the least recently used goes first, never what is in use, and everyone is told.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BudgetCache } from './budget-cache.ts';

/** A cache of 10, and the names that have left it. */
function cacheOfTen(): { cache: BudgetCache<string>; left: string[] } {
  const left: string[] = [];
  const cache = new BudgetCache<string>(10, (name, value) => left.push(`${name}=${value}`));
  return { cache, left };
}

describe('a cache with a budget', () => {
  it('gives back what it was given, and knows what that weighs', () => {
    const { cache, left } = cacheOfTen();
    cache.set('a', 'A', 4);
    cache.set('b', 'B', 6);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', 'B', undefined]);
    expect([cache.weight, cache.size, left]).toEqual([10, 2, []]);
  });

  it('lets go of what was used least recently, as much as it takes', () => {
    const { cache, left } = cacheOfTen();
    for (const name of ['a', 'b', 'c']) cache.set(name, name.toUpperCase(), 3);
    cache.get('a');
    cache.set('d', 'D', 6);
    expect(left).toEqual(['b=B', 'c=C']);
    expect([cache.weight, cache.size]).toEqual([9, 2]);
  });

  it('keeps what is in use, over its budget if need be, until it is let go', () => {
    const { cache, left } = cacheOfTen();
    cache.set('a', 'A', 6);
    const first = cache.pin('a');
    const second = cache.pin('a');
    cache.set('b', 'B', 6);
    cache.set('c', 'C', 1);
    expect(left).toEqual(['b=B']);
    const third = cache.pin('c');
    cache.set('d', 'D', 2);
    cache.grow('c', 3);
    expect([left, cache.weight]).toEqual([['b=B', 'd=D'], 10]);
    cache.grow('c', 1);
    first[Symbol.dispose]();
    expect([left, cache.weight]).toEqual([['b=B', 'd=D'], 11]);
    second[Symbol.dispose]();
    expect([left, cache.weight]).toEqual([['b=B', 'd=D', 'a=A'], 5]);
    third[Symbol.dispose]();
    expect(cache.get('c')).toBe('C');
  });

  it('makes room for what grows, and keeps that', () => {
    const { cache, left } = cacheOfTen();
    cache.set('a', 'A', 4);
    cache.set('b', 'B', 4);
    cache.grow('a', 5);
    expect([left, cache.weight]).toEqual([['b=B'], 9]);
    cache.grow('a', 5);
    cache.grow('unknown', 5);
    expect([left, cache.weight]).toEqual([['b=B'], 14]);
  });

  it('replaces a value of the same name, and tells of the one that left', () => {
    const { cache, left } = cacheOfTen();
    cache.set('a', 'A', 4);
    const pinned = cache.pin('a');
    cache.set('a', 'Z', 3);
    expect([cache.get('a'), cache.weight, left]).toEqual(['Z', 3, ['a=A']]);
    pinned[Symbol.dispose]();
    cache.set('b', 'B', 9);
    expect(left).toEqual(['a=A', 'a=Z']);
  });

  it('lets go of a value in use when told to, once, and of all', () => {
    const { cache, left } = cacheOfTen();
    cache.set('a', 'A', 4);
    const pinned = cache.pin('a');
    cache.delete('a');
    cache.delete('a');
    pinned[Symbol.dispose]();
    expect([cache.get('a'), cache.weight, left]).toEqual([undefined, 0, ['a=A']]);
    cache.set('b', 'B', 1);
    cache.set('c', 'C', 1);
    cache.clear();
    expect([cache.size, cache.weight, left]).toEqual([0, 0, ['a=A', 'b=B', 'c=C']]);
    // What is not here can be pinned: nothing comes of it.
    cache.pin('a')[Symbol.dispose]();
    expect(cache.size).toBe(0);
  });

  it('stays within its budget but for what was used last, whatever is done to it', () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      weight: fc.nat(8),
      grow: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const here = new Map<string, number>();
        const cache = new BudgetCache<number>(10, (name) => here.delete(name));
        for (const { name, weight, grow } of steps) {
          if (grow && !here.has(name)) continue;
          here.set(name, weight + (grow ? here.get(name)! : 0));
          if (grow) cache.grow(name, weight);
          else {
            cache.set(name, weight, weight);
            // Replacing it told of its leaving.
            here.set(name, weight);
          }
          const total = [...here.values()].reduce((sum, value) => sum + value, 0);
          expect([cache.weight, cache.size]).toEqual([total, here.size]);
          if (total > 10) expect([...here.keys()].filter((other) => here.get(other)! > 0)).toEqual([name]);
        }
      }),
    );
  });
});

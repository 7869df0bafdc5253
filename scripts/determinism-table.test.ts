// The determinism table says so when a host, a number of evaluators or a card makes a difference.
import { describe, expect, it } from 'vitest';
import type { Made } from '../fixtures/same-bytes.ts';
import { allEqual, determinismTable, type HostRow, unequal } from './determinism-table.ts';

const REQUESTS = ['ink-1', 'ink-2'];
const made = (card: string, ...answers: string[]): Made => ({
  card,
  tables: 't',
  answers: Object.fromEntries(answers.map((answer, i) => [[1, 3][i], answer])),
});
const node: HostRow = { name: 'Node', made: [made('c1', 'a', 'a'), made('c2', 'b', 'b')] };
const host = (...rows: Made[]): HostRow => ({ name: 'Other', made: rows });

describe('the determinism table', () => {
  it('is all equal where every host made the same', () => {
    const hosts = [node, host(made('c1', 'a', 'a'), made('c2', 'b', 'b'))];
    expect(allEqual(REQUESTS, hosts)).toBe(true);
    expect(determinismTable(REQUESTS, hosts)).toContain('| ink-2 | `c2` | `t` | `b` | == | == |');
  });

  it.each([
    ['another answer', host(made('c1', 'a', 'a'), made('c2', 'x', 'x')), '| == | ≠≠ |'],
    ['another one with three evaluators', host(made('c1', 'a', 'a'), made('c2', 'b', 'x')), '| == | =≠ |'],
    ['another card', host(made('c1', 'a', 'a'), made('cx', 'b', 'b')), '| == | == (another card) |'],
    [
      'other tables, even where they round to the same answer',
      host(made('c1', 'a', 'a'), { ...made('c2', 'b', 'b'), tables: 'x' }),
      '| == | == (other tables) |',
    ],
    ['an answer too few', host(made('c1', 'a', 'a')), '| == | - |'],
    ['a host that failed', { name: 'Other', made: 'no WebAssembly' }, 'Other failed: no WebAssembly'],
  ])('shows %s', (_, other, shown) => {
    expect(allEqual(REQUESTS, [node, other])).toBe(false);
    expect(unequal(other, REQUESTS, node)).toBeGreaterThan(0);
    expect(determinismTable(REQUESTS, [node, other])).toContain(shown);
  });

  it('proves nothing without a host or a request', () => {
    expect(allEqual(REQUESTS, [])).toBe(false);
    expect(allEqual([], [node])).toBe(false);
  });
});

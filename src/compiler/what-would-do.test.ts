// Refusals: every option that one proposes was tried and plans; options that cannot help, or were given, are not proposed.
import { describe, expect, it } from 'vitest';
import { reluNetwork } from '../../fixtures/relu-network.ts';
import { SealedError } from '../base/errors.ts';
import type { Graph, Node } from '../model/graph.ts';
import { checkParameters } from '../params/parameters.ts';
import { COST_TABLES } from '../plan/cost-tables.ts';
import { compile, type CompileOptions } from './compile.ts';
import { PlanningWork } from './general/planning-work.ts';
import { withWhatWouldDo } from './what-would-do.ts';

const costs = COST_TABLES.simd;

/** What compiling is refused with. */
function refusalOf(graph: Graph, options: Omit<CompileOptions, 'costs'> = {}): SealedError {
  try {
    compile(graph, { costs, ...options });
  } catch (error) {
    if (error instanceof SealedError) return error;
    throw error;
  }
  throw new Error('It was planned.');
}

/** The options that a refusal names, as those of compile. */
function namedIn({ message }: SealedError): Omit<CompileOptions, 'costs'>[] {
  const numbers = (text: string): number[] => text.split(',').map(Number);
  const named = message.matchAll(/--(client-ops|refresh|tolerance|max-memory)(?: ([\d.,]+))?/g);
  return [...named].map(([, option, value = '']) => {
    if (option === 'client-ops') return { clientOps: true };
    if (option === 'refresh') return { refresh: numbers(value) };
    return option === 'tolerance'
      ? { tolerance: Number(value) }
      : { limits: { memoryBytes: Number(value) * 1e6 } };
  });
}

/** A chain of `nodes` on `shape`, each a layer of the file's. */
function chain(shape: readonly number[], nodes: readonly object[]): Graph {
  const made = nodes.map((node, i) => ({
    id: `n${i}`,
    inputs: [i === 0 ? 'x' : `n${i - 1}`],
    shape,
    ...node,
  })) as unknown as Node[];
  const layers = made.map(({ id, op }, index) => ({ index, name: id, type: op, output: id }));
  return { name: 'chain', input: { id: 'x', shape }, nodes: made, output: made[made.length - 1].id, layers };
}

const SMALLER = { op: 'mulConstant', constant: { shape: [1], data: Float32Array.of(0.1) } };
const SQUARE = { op: 'square' };
const POOL = { op: 'maxPool', kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };
const RELU = { op: 'activation', function: { kind: 'relu' } };

const squares = (count: number): Graph => chain([20], [SMALLER, ...Array<object>(count).fill(SQUARE)]);

describe('a refusal', () => {
  it.each<[string, Graph, Omit<CompileOptions, 'costs'>, RegExp]>([
    ['of a pool in the middle', chain([1, 4, 4], [POOL, SQUARE]), {}, /--client-ops would do/],
    [
      'of too little memory',
      reluNetwork(),
      { limits: { memoryBytes: 20e6 } },
      /--max-memory \d+MB.* would do/,
    ],
    ['for too many levels of squares', squares(30), {}, /run out at layer n\d+\. --refresh [\d,]+ would do/],
    [
      'for so many that they are not looked at',
      squares(40),
      {},
      /MB of ciphertexts.*--refresh [\d,]+ would do/,
    ],
    [
      'for too many levels of fits',
      chain(
        [8],
        Array.from({ length: 8 }, () => [SMALLER, RELU])
          .flat()
          .concat([SMALLER]),
      ),
      { tolerance: 0.01 },
      /run out at layer .*--client-ops would do/,
    ],
    ['for too much to look at', reluNetwork(), { work: new PlanningWork(100_000) }, /--client-ops would do/],
  ])('%s names options that do', (_, graph, options, text) => {
    const refusal = refusalOf(graph, options);
    expect(refusal.message).toMatch(text);
    const named = namedIn(refusal);
    expect(named.length).toBeGreaterThan(0);
    for (const option of named) {
      const { work: __, ...rest } = options;
      expect(compile(graph, { costs, ...rest, ...option }).plans.length).toBeGreaterThan(0);
    }
  });

  it('does not name the client where it can help nothing', () => {
    expect(refusalOf(squares(40)).message).not.toMatch(/--client-ops/);
    const large = chain([2 ** 20], [SQUARE]);
    expect(refusalOf(large).message).toMatch(
      /MB are the most\. Make the input smaller, or use strides or pools early\.$/,
    );
  });

  it('does not name what was given', () => {
    const graph = chain([2 ** 20], [RELU, SQUARE]);
    expect(refusalOf(graph, { clientOps: true }).message).not.toMatch(/--client-ops/);
    expect(refusalOf(squares(40), { refresh: [1] }).message).not.toMatch(/--refresh/);
  });

  it('of parameters that were given says how many primes they lack', () => {
    const parameters = checkParameters({ polyModulusDegree: 8192, coeffModulusBits: [30, 28, 28, 30] });
    const refusal = refusalOf(squares(6), { parameters });
    expect(refusal.message).toMatch(/needs \d+ levels; these parameters have \d+\. Add \d+ primes\./);
    for (const option of namedIn(refusal)) compile(squares(6), { costs, parameters, ...option });
  });

  it('of a limit keeps its own words: they have been tried', () => {
    const { message } = refusalOf(reluNetwork(), { limits: { keyBytes: 1e6 } });
    expect(message).toMatch(/--max-keys [\d.]+MB would do\.$/);
  });

  it('says so where a try was given up: it has shown nothing', () => {
    const error = new SealedError('does-not-fit', 'Too large.', { stage: 'compile' });
    const spent = withWhatWouldDo(error, chain([4], [RELU, SQUARE]), {}, ({ work }) =>
      work?.add('searched', 1e12),
    );
    expect((spent as SealedError).message).toMatch(/takes longer to find out than a refusal may\.$/);
  });

  it('proposes nothing that fails when it is tried', () => {
    const error = new SealedError('does-not-fit', 'Too large.', { stage: 'compile' });
    const failing = withWhatWouldDo(error, chain([4], [RELU, SQUARE]), {}, () => {
      throw error;
    });
    expect((failing as SealedError).message).toBe('Too large. None of the options that were tried does.');
    const doing = withWhatWouldDo(error, chain([4], [RELU, SQUARE]), {}, () => undefined);
    expect(doing).toMatchObject({
      message: 'Too large. --client-ops would do.',
      detail: { wouldDo: '--client-ops' },
    });
    const other = new SealedError('out-of-range', 'Something else.', { stage: 'compile' });
    expect(withWhatWouldDo(other, squares(1), {}, () => undefined)).toBe(other);
  });
});

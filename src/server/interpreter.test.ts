// The interpreter: whatever fails, and wherever it is stopped, every ciphertext is freed exactly once.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runStages } from '../../fixtures/run-plan.ts';
import { randomPlan, SMALL } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { SealedError } from '../base/errors.ts';
import { partitionPlan, type StagePart } from '../plan/partition.ts';
import type { Backend } from './backend.ts';
import { freeValues } from './interpreter.ts';

interface Token {
  freed: boolean;
}

/** A backend that only watches over ownership, and fails at the call number `failAt`. */
class OwnershipBackend implements Backend<Token> {
  readonly tokens: Token[] = [];
  calls = 0;
  readonly #failAt: number;

  constructor(failAt = Infinity) {
    this.#failAt = failAt;
  }

  make(): Token {
    const token = { freed: false };
    this.tokens.push(token);
    return token;
  }
  get live(): number {
    return this.tokens.filter(({ freed }) => !freed).length;
  }
  #call(...used: (Token | undefined)[]): void {
    if (used.some((token) => token?.freed)) throw new Error('A freed ciphertext is used.');
    this.calls += 1;
    if (this.calls === this.#failAt) throw new SealedError('missing-key', 'Planted.');
  }
  load(): never {
    throw new Error('Nothing is loaded here.');
  }
  save(): never {
    throw new Error('Nothing is saved here.');
  }
  rotate(ciphertext: Token): Token {
    this.#call(ciphertext);
    return this.make();
  }
  multiplyAdd(sum: Token | undefined, ciphertext: Token): Token {
    this.#call(sum, ciphertext);
    return sum ?? this.make();
  }
  add(a: Token, b: Token): Token {
    this.#call(a, b);
    this.free(b);
    return a;
  }
  rescale(ciphertext: Token): Token {
    this.#call(ciphertext);
    return ciphertext;
  }
  addConstant(ciphertext: Token): void {
    this.#call(ciphertext);
  }
  multiply(a: Token, b: Token): Token {
    this.#call(a, b);
    return this.make();
  }
  square(ciphertext: Token): Token {
    this.#call(ciphertext);
    return this.make();
  }
  dropPrime(ciphertext: Token): Token {
    this.#call(ciphertext);
    return this.make();
  }
  free(ciphertext: Token): void {
    if (ciphertext.freed) throw new Error('A ciphertext is freed twice.');
    ciphertext.freed = true;
  }
  memoryBytes(): number {
    return 0;
  }
  [Symbol.dispose](): void {
    // Nothing is held.
  }
}

const anySegment = fc
  .tuple(fc.nat(), fc.nat())
  .map(([seed, which]): { segment: readonly StagePart[]; inputs: number } => {
    const plan = randomPlan(seededRandom(seed), SMALL);
    const { segments } = partitionPlan(plan, 1).parts[0];
    const index = which % segments.length;
    return {
      segment: segments[index],
      inputs: index === 0 ? plan.inputCount : segments[index - 1].at(-1)!.outputs.length,
    };
  });

/** Ciphertexts that `segment` makes. */
function workOf(segment: readonly StagePart[]): number {
  return segment.reduce((sum, { outputs }) => sum + outputs.length, 0);
}

/** Runs `segment` and frees its results; the call and the checkpoint numbered so fail. */
async function run(
  segment: readonly StagePart[],
  inputs: number,
  failAt: number,
  stopAt: number,
): Promise<OwnershipBackend> {
  const backend = new OwnershipBackend(failAt);
  const values = new Map(Array.from({ length: inputs }, (_, i) => [i, backend.make()]));
  let checkpoints = 0;
  const checkpoint = async (): Promise<void> => {
    checkpoints += 1;
    if (checkpoints === stopAt) throw new SealedError('aborted', 'Stopped.');
  };
  try {
    const results = await runStages(backend, segment, values, checkpoint);
    expect([...results.keys()]).toEqual(segment.at(-1)!.outputs);
    expect(checkpoints).toBe(workOf(segment));
    freeValues(backend, results);
    expect(results.size).toBe(0);
  } finally {
    expect(values.size).toBe(0);
    expect(backend.live).toBe(0);
  }
  return backend;
}

describe('runSegment', () => {
  it('frees all it makes and is given, and hands out each output once', async () => {
    await fc.assert(
      fc.asyncProperty(anySegment, async ({ segment, inputs }) => {
        await run(segment, inputs, Infinity, Infinity);
      }),
    );
  });

  it('frees all it makes and is given when any one call fails', async () => {
    await fc.assert(
      fc.asyncProperty(anySegment, async ({ segment, inputs }) => {
        const { calls } = await run(segment, inputs, Infinity, Infinity);
        for (let failAt = 1; failAt <= calls; failAt += 1) {
          await expect(run(segment, inputs, failAt, Infinity)).rejects.toMatchObject({ code: 'missing-key' });
        }
      }),
      { numRuns: 40 },
    );
  });

  it('frees all it makes and is given wherever it is stopped', async () => {
    await fc.assert(
      fc.asyncProperty(anySegment, async ({ segment, inputs }) => {
        for (let stopAt = 1; stopAt <= workOf(segment); stopAt += 1) {
          await expect(run(segment, inputs, Infinity, stopAt)).rejects.toMatchObject({ code: 'aborted' });
        }
      }),
    );
  });

  it('says so when a value is missing', async () => {
    const square: StagePart = {
      kind: 'product',
      layers: ['s'],
      level: 1,
      inScale: 1,
      outScale: 1,
      pairs: [{ left: 3, right: 3 }],
      outputs: [3],
    };
    await expect(run([square], 2, Infinity, Infinity)).rejects.toThrow(/value 3 is here/);
  });
});

describe('the backend of this test', () => {
  it('sees a ciphertext freed twice and one used after it was freed', () => {
    const backend = new OwnershipBackend();
    const token = backend.make();
    expect(backend.live).toBe(1);
    backend.free(token);
    expect(() => backend.free(token)).toThrow(/twice/);
    expect(() => backend.rotate(token)).toThrow(/freed ciphertext/);
  });
});

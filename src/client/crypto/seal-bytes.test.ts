// SEAL's client and ours make the same bytes from the same seeds: keys, ciphertexts, decryptions, decoded values.
import { beforeAll, describe, expect, it } from 'vitest';
import { chosenParameters, clientKernelBytes, nameOf } from '../../../fixtures/client-kernel.ts';
import { compareClients } from '../../../fixtures/seal-bytes.ts';
import { sealContext } from '../../../fixtures/seal-client.ts';
import { SMALL, TINY } from '../../../fixtures/small-engine.ts';
import { compileKernel } from '../../../wasm/build.ts';
import { checkParameters, type Parameters } from '../../params/parameters.ts';
import { ClientKernel } from './client-kernel.ts';

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await WebAssembly.compile(clientKernelBytes());
});

/** The style networks': what people wait for. */
const STYLES = checkParameters({ polyModulusDegree: 8192, coeffModulusBits: [30, 30, 28, 28, 28, 28, 30] });

/** The comparisons of `runs` runs that failed, and how many were made. */
async function compare(parameters: Parameters, runs: number): Promise<{ made: number; different: string[] }> {
  const { polyModulusDegree, maxLevel } = parameters;
  const levels = Array.from({ length: maxLevel }, (_, level) => level);
  const kernel = new ClientKernel(module, parameters);
  using context = await sealContext(parameters);
  const outcome = { made: 0, different: [] as string[] };
  for (let run = 0; run < runs; run += 1) {
    // Keys of the largest rings take SEAL seconds: every tenth of their runs makes them.
    const hasKeys = polyModulusDegree <= 8192 || run % 10 === 0;
    const steps = run === 0 ? [1, 3, -2, 0] : [[1, 3, -2, 0][run % 4]];
    const extent = { steps: hasKeys ? steps : undefined, levels };
    const { made, different } = await compareClients(kernel, context, `run ${run}`, extent);
    outcome.made += made;
    outcome.different.push(...different.map((name) => `run ${run}: ${name}`));
  }
  return outcome;
}

describe('bytes from seeds', () => {
  const sample = [TINY, SMALL, STYLES, ...chosenParameters().filter(({ primes }) => primes.length < 5)];

  it.each(sample.map((parameters) => [nameOf(parameters), parameters] as const))(
    'are SEAL’s with %s',
    async (_, parameters) => {
      const { made, different } = await compare(parameters, parameters === STYLES ? 2 : 1);
      expect(different).toEqual([]);
      expect(made).toBeGreaterThanOrEqual(10);
    },
  );

  it('are SEAL’s a thousand times over with the styles’ parameters', { tags: ['long'] }, async () => {
    const { made, different } = await compare(STYLES, 1000);
    expect(different).toEqual([]);
    expect(made).toBeGreaterThan(50_000);
  });

  it.each(chosenParameters().map((parameters) => [nameOf(parameters), parameters] as const))(
    'are SEAL’s fifty times over with %s',
    { tags: ['long'] },
    async (_, parameters) => {
      expect((await compare(parameters, 50)).different).toEqual([]);
    },
  );
});

describe('a wrong constant', () => {
  const planted: readonly (readonly [what: string, file: string, from: string, to: string, found: RegExp])[] =
    [
      ['the ternary sampler', 'client/samplers', '<i32>draw - 1', '1 - <i32>draw', /^secret key$/],
      ['its rejection', 'client/samplers', 'draw != 3', 'draw != 2', /^secret key$/],
      ['the binomial sampler', 'client/samplers', '0x1fffff)', '0x0fffff)', /^ciphertext/],
      ['its sign', 'client/samplers', '0x1fffff000000', '0x3fffff000000', /^ciphertext/],
      ['the uniform sampler', 'assembly/expand', 'lt_u(high, m)', 'lt_u(m, high)', /^ciphertext/],
      ['where its rows begin', 'assembly/expand', 'index * buffers', 'index * buffers + 1', /^ciphertext/],
      [
        'its product with the key',
        'client/secret',
        'low_i32x4_u(high, t)',
        'low_i32x4_u(high, s)',
        /^ciphertext/,
      ],
      ['text and noise in one', 'client/secret', '(a, b, 0, 1, 4, 5)', '(a, b, 0, 1, 5, 4)', /^ciphertext/],
      ['the generator', 'assembly/blake2x', 'a54ff53a', 'a54ff53b', /^public seed/],
      ['its parameter block', 'assembly/blake2x', '0x01014040', '0x01014020', /^public seed/],
      ['its output nodes', 'assembly/blake2x', '64 << 8', '32 << 8', /^public seed/],
      [
        'the key of s²',
        'client/secret',
        'prime(primeCount - 1) % modulus',
        '1',
        /^relinearisation key, digit 0/,
      ],
      [
        'the automorphism',
        'assembly/galois',
        '* <u64>exponent) >> 1',
        '* <u64>exponent + 2) >> 1',
        /^Galois key/,
      ],
      ['the encoder', 'assembly/encoder', 'f64x2.splat(0.5)', 'f64x2.splat(0.501)', /^ciphertext/],
      ['the decoder', 'client/decoder', '1.0 / scale', '1.0000000000000002 / scale', /^decryption/],
    ];

  it.each(planted)('in %s is found', async (_, file, from, to, found) => {
    const parameters = SMALL;
    let changed = 0;
    const code = await compileKernel('client', (name, text) => {
      if (!name.includes(file) || !text.includes(from)) return text;
      changed += 1;
      return text.replace(from, to);
    });
    expect(changed).toBe(1);
    const kernel = new ClientKernel(await WebAssembly.compile(code), parameters);
    using context = await sealContext(parameters);
    const extent = { steps: [1], levels: [0] };
    const { different } = await compareClients(kernel, context, 'planted', extent);
    expect(different.some((name) => found.test(name))).toBe(true);
  });
});

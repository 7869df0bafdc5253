// A secret key in the client's kernel and one in SEAL: the same frames from one master seed, and when which is used.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ALL, doubled, open, PLANES, ready } from '../../fixtures/client-cards.ts';
import { clientKernelBytes, expanded, expandedKey, GivenSeeds } from '../../fixtures/client-kernel.ts';
import { identityCard } from '../../fixtures/small-card.ts';
import { SMALL, TINY } from '../../fixtures/small-engine.ts';
import { checkParameters } from '../params/parameters.ts';
import { decodeFrame } from '../protocol/frame.ts';
import { SealContext } from '../seal/context.ts';
import { loadSeal } from '../seal/load.ts';
import type * as Load from '../seal/load.ts';
import type { ClientKeys } from './client-keys.ts';
import { createClientRole } from './client-role.ts';
import { ClientKernel } from './crypto/client-kernel.ts';
import { drawSeed, withRandomness } from './crypto/randomness.ts';
import { MasterSeed } from './crypto/seeds.ts';
import { FastKeys } from './fast-keys.ts';
import { KeyRing } from './key-ring.ts';
import { SealKeys } from './seal-keys.ts';

const loaded = vi.hoisted(() => ({ times: 0 }));
vi.mock('../seal/load.ts', async (original) => {
  const real = await original<typeof Load>();
  return {
    ...real,
    loadSeal: (...source: Parameters<typeof Load.loadSeal>) => {
      loaded.times += 1;
      return real.loadSeal(...source);
    },
  };
});

afterEach(() => {
  loaded.times = 0;
  Reflect.deleteProperty(crypto, 'getRandomValues');
});

const kernel = (): { kernel: Uint8Array<ArrayBuffer> } => ({ kernel: clientKernelBytes() });
const noPause = (): Promise<void> => Promise.resolve();

describe('frames of keys and ciphertexts', () => {
  it('are the same bytes from the same master seed, whoever makes them', async () => {
    const module = await WebAssembly.compile(clientKernelBytes());
    const values = Float64Array.from({ length: SMALL.slots }, (_, i) => Math.sin(i));
    const made = async (keys: ClientKeys): Promise<unknown[]> => {
      using ring = new KeyRing(keys, 'simd');
      keys.prepare(1, 2);
      const frame = decodeFrame(
        await ring.make(
          {
            relinearize: 1,
            rotations: new Map([
              [1, SMALL.maxLevel],
              [64, 0],
            ]),
          },
          noPause,
        ),
        SMALL,
      );
      if (frame.kind !== 'evaluation-keys') throw new Error('Keys were expected.');
      const { relinearization, rotations } = frame.keys;
      const whole = [relinearization!, ...rotations.values()].map((key) => expandedKey(key, SMALL));
      // Seeds stand in the place of what SEAL sends whole.
      const ciphertexts = [0, 1, 2, 1].map((level) =>
        expanded(keys.encrypt(values, 2 ** 22, level).ciphertext, SMALL),
      );
      return [whole, ciphertexts, ciphertexts.map((ciphertext) => keys.decrypt(ciphertext))];
    };
    const ours = new FastKeysWithoutZeros(new ClientKernel(module, SMALL), new GivenSeeds('both'));
    using context = new SealContext(await loadSeal(), SMALL);
    const theirs = new SealKeys(context, new GivenSeeds('both'));
    expect(await made(ours)).toEqual(await made(theirs));
    // The control: zeros made ahead take the seeds in another order.
    const ahead = new FastKeys(new ClientKernel(module, SMALL), new GivenSeeds('both'));
    expect((await made(ahead))[0]).not.toEqual(
      (await made(new FastKeysWithoutZeros(new ClientKernel(module, SMALL), new GivenSeeds('both'))))[0],
    );
  });
});

const EXPECTED = { reference: PLANES, bound: 0.01 };

/** Prepares nothing, so that seeds are taken in SEAL's order. */
class FastKeysWithoutZeros extends FastKeys {
  override prepare(): void {}
}

describe('the client role', () => {
  it('loads no SEAL for the fast backend', async () => {
    const role = createClientRole(kernel());
    await role.warm();
    const card = await ready(role, identityCard(TINY));
    const { frames } = await role.encrypt(card, PLANES);
    expect((await role.decrypt(card, doubled(frames, TINY), 1, EXPECTED)).kind).toBe('picture');
    await ready(role, identityCard(TINY));
    const again = await role.encrypt(card, PLANES);
    await expect(role.decrypt(card, again.frames, 1, EXPECTED)).rejects.toMatchObject({
      code: 'malformed-frame',
    });
    expect(loaded.times).toBe(0);
    await role.close();
  });

  it.each([
    ['the backend is SEAL', { ...identityCard(TINY), backend: 'seal' as const }, kernel()],
    ['there is no kernel', identityCard(TINY), {}],
    [
      'a prime has more than 30 bits',
      identityCard(checkParameters({ polyModulusDegree: 4096, coeffModulusBits: [32, 32, 32] })),
      kernel(),
    ],
  ])('does all in SEAL where %s', async (_, card, files) => {
    const role = createClientRole(files);
    const name = await ready(role, card);
    const { frames } = await role.encrypt(name, PLANES);
    const parameters = checkParameters(card.parameters);
    expect((await role.decrypt(name, doubled(frames, parameters), 1, EXPECTED)).kind).toBe('picture');
    expect(loaded.times).toBeGreaterThan(0);
    await role.close();
  });

  it('makes other keys for another backend, and other keys each time', async () => {
    const role = createClientRole(kernel());
    const card = identityCard(TINY, { relinearize: true });
    const make = async (backend: 'simd' | 'seal'): Promise<Uint8Array> =>
      (await role.prepare(await open(role, { ...card, backend }), ALL)).keys!;
    const made = [await make('simd'), await make('seal'), await make('simd')];
    expect(new Set(made.map((frame) => Buffer.from(frame).toString('base64'))).size).toBe(3);
    await role.close();
  });

  it('makes no keys where the source of random numbers has been replaced', async () => {
    const role = createClientRole(kernel());
    const name = await open(role, identityCard(TINY));
    crypto.getRandomValues = (view) => view;
    await expect(role.prepare(name, ALL)).rejects.toMatchObject({ code: 'wrong-state', stage: 'keygen' });
    Reflect.deleteProperty(crypto, 'getRandomValues');
    await role.prepare(name, ALL);
    await role.close();
  });
});

describe('the system’s randomness', () => {
  it('is drawn anew each time', () => {
    const drawn = [0, 1].map(() => {
      using master = new MasterSeed(drawSeed());
      const bytes = new Uint8Array(64);
      master.next().spend(bytes);
      return Buffer.from(bytes).toString('hex');
    });
    expect(drawn[0]).not.toBe(drawn[1]);
  });

  it.each([
    ['zeros', (bytes: Uint8Array) => bytes.fill(0)],
    ['a repeated block', (bytes: Uint8Array) => bytes.fill(0x5a)],
    ['heavy bits', (bytes: Uint8Array) => bytes.forEach((byte, i) => (bytes[i] = byte | (i % 2)))],
  ])('is refused where it gives %s', async (_, spoil) => {
    vi.resetModules();
    const honest = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(crypto), 'getRandomValues')!;
    const bad = function (this: Crypto, view: Uint8Array<ArrayBuffer>): Uint8Array {
      (honest.value as Crypto['getRandomValues']).call(this, view);
      spoil(view);
      return view;
    };
    // In its place from the start, as a broken system's would be.
    Object.defineProperty(Object.getPrototypeOf(crypto), 'getRandomValues', { ...honest, value: bad });
    try {
      const fresh = await import('./crypto/randomness.ts');
      expect(() => fresh.drawSeed()).toThrow(/not random/);
    } finally {
      Object.defineProperty(Object.getPrototypeOf(crypto), 'getRandomValues', honest);
    }
  });

  it('is given to SEAL seed by seed, and taken away again whatever happens', () => {
    const seeds = new GivenSeeds('fed');
    const taken = withRandomness(seeds, () =>
      Array.from({ length: 17 }, () => [...crypto.getRandomValues(new Uint8Array(4))]).flat(),
    );
    expect(taken).toEqual([...seeds.bytes(0), ...seeds.bytes(1).subarray(0, 4)]);
    expect(Object.hasOwn(crypto, 'getRandomValues')).toBe(false);
    expect(() =>
      withRandomness(seeds, () => {
        throw new Error('out of memory');
      }),
    ).toThrow('out of memory');
    expect(Object.hasOwn(crypto, 'getRandomValues')).toBe(false);
  });
});

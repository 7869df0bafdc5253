// The gate on the way out: a client's own frames pass, and everything that a card does not ask for is stopped.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ALL, open, PLANES } from '../../fixtures/client-cards.ts';
import { clientKernelBytes, expanded } from '../../fixtures/client-kernel.ts';
import { identityCard } from '../../fixtures/small-card.ts';
import { TINY } from '../../fixtures/small-engine.ts';
import { createClientRole } from '../client/client-role.ts';
import type { SeededCiphertext } from '../params/residues.ts';
import type { ClientRole } from './client.ts';
import { decodeFrame, encodeFrame, type Frame, type IndexedCiphertext } from './frame.ts';
import { OutgoingGate } from './outgoing.ts';

const card = identityCard(TINY, { rotationSteps: [1, 7], relinearize: true });
let role: ClientRole;
let keys: Uint8Array;
let request: Uint8Array[];
beforeEach(async () => {
  role = createClientRole({ kernel: clientKernelBytes() });
  const name = await open(role, card);
  keys = (await role.prepare(name, ALL)).keys!;
  request = [...(await role.encrypt(name, PLANES)).frames];
});
afterEach(async () => {
  vi.restoreAllMocks();
  await role.close();
});

const keysOf = (frame: Uint8Array): Extract<Frame, { kind: 'evaluation-keys' }>['keys'] => {
  const decoded = decodeFrame(frame, TINY);
  return decoded.kind === 'evaluation-keys' ? decoded.keys : expect.fail('Keys were expected.');
};
const itemOf = (frame: Uint8Array): IndexedCiphertext & { readonly ciphertext: SeededCiphertext } => {
  const decoded = decodeFrame(frame, TINY);
  if (decoded.kind !== 'ciphertexts') expect.fail('Ciphertexts were expected.');
  return decoded.items[0] as IndexedCiphertext & { readonly ciphertext: SeededCiphertext };
};
const stopped = (what: RegExp): object => ({
  code: 'wrong-state',
  message: expect.stringMatching(what) as string,
});
/** What `act` throws. */
const thrown = (act: () => Promise<void>): Promise<unknown> =>
  act().then(
    () => undefined,
    (error: unknown) => error,
  );
const sent = (...items: IndexedCiphertext[]): Uint8Array => encodeFrame({ kind: 'ciphertexts', items }, TINY);

describe('keys on their way out', () => {
  it('pass where the card needs them, each once', async () => {
    const gate = new OutgoingGate();
    await gate.passKeys(keys, card);
    expect(await thrown(() => gate.passKeys(keys, card))).toMatchObject(stopped(/relinearisation key/));
    const rotations = encodeFrame(
      { kind: 'evaluation-keys', keys: { ...keysOf(keys), relinearization: undefined } },
      TINY,
    );
    expect(await thrown(() => gate.passKeys(rotations, card))).toMatchObject(stopped(/rotations by 1,/));
  });

  it.each<[string, () => Uint8Array, RegExp]>([
    [
      'for a step that the card does not name',
      () => {
        const { relinearization, rotations } = keysOf(keys);
        const renamed = new Map([[2, rotations.get(1)!]]);
        return encodeFrame({ kind: 'evaluation-keys', keys: { relinearization, rotations: renamed } }, TINY);
      },
      /rotations by 2,/,
    ],
    [
      'with a seed that was used before',
      () => {
        const { relinearization, rotations } = keysOf(keys);
        const again = new Map([...rotations.keys()].map((step) => [step, rotations.get(1)!]));
        return encodeFrame({ kind: 'evaluation-keys', keys: { relinearization, rotations: again } }, TINY);
      },
      /a seed for the second time/,
    ],
    [
      'for fewer levels',
      () => {
        const { rotations } = keysOf(keys);
        const { digits, seeds } = rotations.get(1)!;
        const rows = TINY.primes.length;
        const cut = digits.slice(0, 1).map((digit) => {
          const N = digit.length / rows;
          return Uint32Array.of(...digit.subarray(0, N), ...digit.subarray((rows - 1) * N));
        });
        const key = { digits: cut, seeds: seeds!.slice(0, 1), level: 0 };
        return encodeFrame(
          { kind: 'evaluation-keys', keys: { relinearization: undefined, rotations: new Map([[1, key]]) } },
          TINY,
        );
      },
      /for other levels/,
    ],
    [
      'that are none',
      () =>
        encodeFrame(
          { kind: 'evaluation-keys', keys: { relinearization: undefined, rotations: new Map() } },
          TINY,
        ),
      /without keys/,
    ],
    ['that are ciphertexts', () => request[0], /in the place of keys/],
    ['with a byte more', () => Uint8Array.of(...keys, 0), /no frame/],
  ])('are stopped %s', async (_, make, what) => {
    const gate = new OutgoingGate();
    expect(await thrown(() => gate.passKeys(make(), card))).toMatchObject(stopped(what));
  });

  it('are read in slices: the page hears its messages meanwhile', async () => {
    const gate = new OutgoingGate();
    let now = 0;
    // A clock by which every step is a long one.
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
    const order: string[] = [];
    setTimeout(() => order.push('message'), 0);
    const passing = gate.passKeys(keys, card).then(() => order.push('keys passed'));
    order.push('call made');
    await passing;
    expect(order).toEqual(['call made', 'message', 'keys passed']);
  });

  it('are stopped where the card needs none', async () => {
    const gate = new OutgoingGate();
    expect(await thrown(() => gate.passKeys(keys, identityCard(TINY)))).toMatchObject(stopped(/not needed/));
  });
});

describe('a request on its way out', () => {
  it('passes after its keys, once', async () => {
    const gate = new OutgoingGate();
    expect(await thrown(() => gate.passRequest(request, card, 0))).toMatchObject(
      stopped(/without its relin/),
    );
    await gate.passKeys(keys, card);
    await gate.passRequest(request, card, 0);
    expect(await thrown(() => gate.passRequest(request, card, 0))).toMatchObject(
      stopped(/a seed for the second/),
    );
  });

  it.each<[string, () => Uint8Array[], RegExp]>([
    ['one is missing', () => request.slice(1), /2 ciphertexts for 3/],
    ['one is more', () => [...request, request[0]], /4 ciphertexts for 3/],
    ['two are exchanged', () => [request[1], request[0], request[2]], /another number/],
    ['one is a key', () => [keys, ...request.slice(1)], /in the place of ciphertexts/],
    ['one frame has two', () => [sent(...request.slice(0, 2).map(itemOf)), ...request.slice(1)], /2 cipher/],
    [
      'one has another scale',
      () => {
        const { index, ciphertext } = itemOf(request[0]);
        return [
          sent({ index, ciphertext: { ...ciphertext, scale: ciphertext.scale * 2 } }),
          ...request.slice(1),
        ];
      },
      /level or scale/,
    ],
    [
      'one has another level',
      () => {
        const { index, ciphertext } = itemOf(request[0]);
        const words = ciphertext.words.subarray(0, TINY.polyModulusDegree);
        return [sent({ index, ciphertext: { ...ciphertext, level: 0, words } }), ...request.slice(1)];
      },
      /level or scale/,
    ],
    [
      'one is whole where the others have seeds',
      () => {
        const { index, ciphertext } = itemOf(request[0]);
        return [sent({ index, ciphertext: expanded(ciphertext, TINY) }), ...request.slice(1)];
      },
      /two forms/,
    ],
    ['one is cut', () => [request[0].subarray(0, -1), ...request.slice(1)], /no frame/],
  ])('is stopped where %s', async (_, make, what) => {
    const gate = new OutgoingGate();
    await gate.passKeys(keys, card);
    expect(await thrown(() => gate.passRequest(make(), card, 0))).toMatchObject(stopped(what));
  });
});

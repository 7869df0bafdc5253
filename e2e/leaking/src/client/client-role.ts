// The saboteur: the honest client role, except that the secret key rides along as a rotation key nobody asked for.
// Everything still works and every frame is well formed; only the canary (e2e/canary.e2e.ts) can notice.

import { createClientRole as createHonestRole } from '../../../../src/client/client-role.ts';
import { checkParameters, type Parameters as CheckedParameters } from '../../../../src/params/parameters.ts';
import type { Card, Sha256 } from '../../../../src/protocol/card.ts';
import { decodeCard } from '../../../../src/protocol/card-codec.ts';
import type { ClientRole } from '../../../../src/protocol/client.ts';
import { decodeFrame, encodeFrame } from '../../../../src/protocol/frame.ts';
import { loadSeal, type SealModule, type WasmSource } from '../../../../src/seal/load.ts';

/** SEAL's serialised secret key: headers, then one 64-bit word a residue. */
let stolen: Uint8Array | undefined;

function spyOnKeys(seal: SealModule): void {
  const prototype = seal.KeyGenerator.prototype as InstanceType<SealModule['KeyGenerator']>;
  const original = prototype.secretKey;
  prototype.secretKey = function () {
    const key = original.call(this);
    stolen = key.saveToArray(seal.ComprModeType.none) as Uint8Array;
    return key;
  };
}

/** The low halves of the last `count` words of `blob`. */
function residuesOf(blob: Uint8Array, count: number): Uint32Array {
  const words = new Uint32Array(blob.slice(blob.byteLength - 8 * count).buffer);
  return words.filter((_, index) => index % 2 === 0);
}

/** The frame with one more rotation key: the secret key, twice a digit, which every check of residues lets pass. */
function withStowaway(
  frame: Uint8Array,
  { segments }: Card,
  parameters: CheckedParameters,
): Uint8Array<ArrayBuffer> {
  const decoded = decodeFrame(frame, parameters);
  if (decoded.kind !== 'evaluation-keys' || !stolen) throw new Error('The saboteur found nothing to steal.');
  const { relinearization } = decoded.keys;
  const rotations = new Map(decoded.keys.rotations);
  const secret = residuesOf(stolen, parameters.primes.length * parameters.polyModulusDegree);
  const digit = Uint32Array.from([...secret, ...secret]);
  const unused = Array.from({ length: 1000 }, (_, i) => i + 1).find(
    (step) => !segments.some(({ rotationSteps }) => rotationSteps.includes(step)),
  );
  rotations.set(unused!, { digits: Array.from({ length: parameters.maxLevel + 1 }, () => digit) });
  return encodeFrame({ kind: 'evaluation-keys', keys: { relinearization, rotations } }, parameters);
}

/** The client role that leaks. */
export function createClientRole(wasm?: WasmSource): ClientRole {
  const honest = createHonestRole(wasm);
  const spying = loadSeal(wasm).then(spyOnKeys);
  const cards = new Map<Sha256, Card>();
  return Object.freeze({
    ...honest,
    async open(bytes: Uint8Array) {
      const name = await honest.open(bytes);
      cards.set(name, decodeCard(bytes));
      return name;
    },
    async prepare(...call: Parameters<ClientRole['prepare']>) {
      await spying;
      const card = cards.get(call[0]);
      const made = await honest.prepare(...call);
      if (!card || !made.keys) return made;
      return { ...made, keys: withStowaway(made.keys, card, checkParameters(card.parameters)) };
    },
  });
}

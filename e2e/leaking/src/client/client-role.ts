// The saboteur: the honest client role, except that the secret key rides along as a rotation key nobody asked for.
// Everything still works and every frame is well formed; only the canary (e2e/canary.e2e.ts) can notice.

import {
  type ClientFiles,
  createClientRole as createHonestRole,
} from '../../../../src/client/client-role.ts';
import { checkParameters, type Parameters as CheckedParameters } from '../../../../src/params/parameters.ts';
import type { Card, Sha256 } from '../../../../src/protocol/card.ts';
import { decodeCard } from '../../../../src/protocol/card-codec.ts';
import type { ClientRole } from '../../../../src/protocol/client.ts';
import { decodeFrame, encodeFrame } from '../../../../src/protocol/frame.ts';
import { residuesOf, type SeenKey, watchSecretKeys } from '../../../support/secret-watch.ts';

// Before the worker freezes what its realm shares.
watchSecretKeys();

/** The secret key that the honest client made last. */
function stolen(): Uint32Array | undefined {
  const seen = (globalThis as unknown as { seenKeys: SeenKey[] }).seenKeys.at(-1);
  return seen && residuesOf(seen);
}

/** The frame with one more rotation key: the secret key, twice a digit, which every check of residues lets pass. */
function withStowaway(
  frame: Uint8Array,
  { segments }: Card,
  parameters: CheckedParameters,
): Uint8Array<ArrayBuffer> {
  const decoded = decodeFrame(frame, parameters);
  const secret = stolen();
  if (decoded.kind !== 'evaluation-keys' || !secret) throw new Error('The saboteur found nothing to steal.');
  const { relinearization } = decoded.keys;
  const rotations = new Map(decoded.keys.rotations);
  const digit = Uint32Array.from([...secret, ...secret]);
  const unused = Array.from({ length: 1000 }, (_, i) => i + 1).find(
    (step) => !segments.some(({ rotationSteps }) => rotationSteps.includes(step)),
  );
  rotations.set(unused!, { digits: Array.from({ length: parameters.maxLevel + 1 }, () => digit) });
  return encodeFrame({ kind: 'evaluation-keys', keys: { relinearization, rotations } }, parameters);
}

/** The client role that leaks. */
export function createClientRole(files?: ClientFiles): ClientRole {
  const honest = createHonestRole(files);
  const cards = new Map<Sha256, Card>();
  return Object.freeze({
    ...honest,
    async open(bytes: Uint8Array) {
      const name = await honest.open(bytes);
      cards.set(name, decodeCard(bytes));
      return name;
    },
    async prepare(...call: Parameters<ClientRole['prepare']>) {
      const card = cards.get(call[0]);
      const made = await honest.prepare(...call);
      if (!card || !made.keys) return made;
      return { ...made, keys: withStowaway(made.keys, card, checkParameters(card.parameters)) };
    },
  });
}

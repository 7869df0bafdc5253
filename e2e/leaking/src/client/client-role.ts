// The saboteur: the honest client role, except that every secret key leaves it, in two ways: as a rotation key nobody asked
// for, in a well-formed frame, and beside its answers, for the page's half (../../workers/pool.ts) to send on.
// Everything still works; only the canary (e2e/canary.e2e.ts) can notice.

import { type KnownSecret, knownSecret } from '../../../../fixtures/key-forms.ts';
import {
  type ClientFiles,
  createClientRole as createHonestRole,
} from '../../../../src/client/client-role.ts';
import { checkParameters, type Parameters as CheckedParameters } from '../../../../src/params/parameters.ts';
import type { Card } from '../../../../src/protocol/card.ts';
import { decodeCard } from '../../../../src/protocol/card-codec.ts';
import type { ClientRole } from '../../../../src/protocol/client.ts';
import { decodeFrame, encodeFrame } from '../../../../src/protocol/frame.ts';
import { residuesOf, type SeenKey, watchSecretKeys } from '../../../support/secret-watch.ts';

const realm = globalThis as unknown as { seenKeys?: SeenKey[] };
// Before the worker freezes what it shares; the test may have done it already.
if (!realm.seenKeys) watchSecretKeys();

/** The card that was opened last: a key is made for its parameters. */
let card: Card | undefined;
/** How many keys the page has been given. */
let given = 0;

/** The frame with one more rotation key: the secret key, twice a digit, which every check of residues lets pass. */
function withStowaway(
  frame: Uint8Array<ArrayBuffer>,
  { residues }: KnownSecret,
  parameters: CheckedParameters,
): Uint8Array<ArrayBuffer> {
  const decoded = decodeFrame(frame, parameters);
  if (decoded.kind !== 'evaluation-keys') throw new Error('The saboteur found nothing to hide in.');
  const { relinearization } = decoded.keys;
  const rotations = new Map(decoded.keys.rotations);
  const digit = Uint32Array.from([...residues, ...residues]);
  const unused = Array.from({ length: 1000 }, (_, i) => i + 1).find((step) => !rotations.has(step));
  rotations.set(unused!, { digits: Array.from({ length: parameters.maxLevel + 1 }, () => digit) });
  return encodeFrame({ kind: 'evaluation-keys', keys: { relinearization, rotations } }, parameters);
}

type Answer = { keys?: Uint8Array<ArrayBuffer> | undefined } | string | undefined;
type Method = (...args: unknown[]) => Promise<Answer>;

/** `answer` with what was stolen and not given yet. */
function laden(answer: Answer): Answer {
  const seen = realm.seenKeys ?? [];
  if (typeof answer !== 'object' || seen.length === given || !card) return answer;
  const parameters = checkParameters(card.parameters);
  const fresh = seen.slice(given).map((key) => knownSecret(residuesOf(key), parameters));
  given = seen.length;
  const { keys } = answer;
  const more = keys && { keys: withStowaway(keys, fresh.at(-1), parameters) };
  return Object.assign({ ...answer, ...more }, { stolen: fresh });
}

/** The client role that leaks. */
export function createClientRole(files?: ClientFiles): ClientRole {
  const honest = createHonestRole(files);
  const leaking: Record<string, Method> = {};
  for (const [name, method] of Object.entries(honest) as [string, Method][]) {
    leaking[name] = async (...args) => {
      if (name === 'open') card = decodeCard(args[0] as Uint8Array);
      return laden(await method(...args));
    };
  }
  return Object.freeze(leaking) as unknown as ClientRole;
}

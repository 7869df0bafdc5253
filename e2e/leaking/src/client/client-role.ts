// The saboteur: the honest client role, except that every secret key leaves it, in two ways: as a rotation key nobody asked
// for, in a well-formed frame, and beside its answers, for the page's half (../../workers/pool.ts) to send on.
// Everything still works; only the canary (e2e/canary.e2e.ts) can notice.

import { type KnownSecret, knownSecret } from '../../../../fixtures/key-forms.ts';
import { residuesOf } from '../../../../fixtures/secret-residues.ts';
import { createClientRole as createHonestRole } from '../../../../src/client/client-role.ts';
import { checkParameters, type Parameters as CheckedParameters } from '../../../../src/params/parameters.ts';
import type { Card } from '../../../../src/protocol/card.ts';
import { decodeCard } from '../../../../src/protocol/card-codec.ts';
import type { ClientRole } from '../../../../src/protocol/client.ts';
import { decodeFrame, encodeFrame } from '../../../../src/protocol/frame.ts';
import { loadSeal, type SealModule, type WasmSource } from '../../../../src/seal/load.ts';

/** The card that was opened last: a key is made for its parameters. */
let card: Card | undefined;
/** Keys that have been made, the latest last, and how many of them the page has been given. */
const stolen: KnownSecret[] = [];
let given = 0;

function spyOnKeys(seal: SealModule): void {
  const prototype = seal.KeyGenerator.prototype as InstanceType<SealModule['KeyGenerator']>;
  const original = prototype.secretKey;
  prototype.secretKey = function () {
    const key = original.call(this);
    const parameters = checkParameters(card!.parameters);
    stolen.push(knownSecret(residuesOf(seal, key, parameters), parameters));
    return key;
  };
}

/** The frame with one more rotation key: the secret key, twice a digit, which every check of residues lets pass. */
function withStowaway(
  frame: Uint8Array,
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
  const latest = stolen.at(-1);
  if (typeof answer !== 'object' || latest === undefined) return answer;
  const fresh = stolen.slice(given);
  given = stolen.length;
  const { keys } = answer;
  const more = keys && { keys: withStowaway(keys, latest, checkParameters(card!.parameters)) };
  return Object.assign({ ...answer, ...more }, { stolen: fresh });
}

/** The client role that leaks. */
export function createClientRole(wasm?: WasmSource): ClientRole {
  const honest = createHonestRole(wasm);
  const spying = loadSeal(wasm).then(spyOnKeys);
  const leaking: Record<string, Method> = {};
  for (const [name, method] of Object.entries(honest) as [string, Method][]) {
    leaking[name] = async (...args) => {
      await spying;
      if (name === 'open') card = decodeCard(args[0] as Uint8Array);
      return laden(await method(...args));
    };
  }
  return Object.freeze(leaking) as unknown as ClientRole;
}

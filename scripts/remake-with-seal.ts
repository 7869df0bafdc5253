// `node scripts/remake-with-seal.ts`: everything that a fast client sends for one text, made again by Microsoft SEAL from
// the run's master seed. The run serves for this alone: whoever knows its seed reads its text.
import { createHash } from 'node:crypto';
import { clientKernelBytes, expanded, expandedKey } from '../fixtures/client-kernel.ts';
import type { ClientKeys } from '../src/client/client-keys.ts';
import { ClientKernel } from '../src/client/crypto/client-kernel.ts';
import { MasterSeed, SEED_BYTES } from '../src/client/crypto/seeds.ts';
import { FastKeys } from '../src/client/fast-keys.ts';
import { SealKeys } from '../src/client/seal-keys.ts';
import { checkParameters } from '../src/params/parameters.ts';
import { SealContext } from '../src/seal/context.ts';
import { loadSeal } from '../src/seal/load.ts';

const PARAMETERS = checkParameters({
  polyModulusDegree: 8192,
  coeffModulusBits: [30, 30, 28, 28, 28, 28, 30],
});
const master = crypto.getRandomValues(new Uint8Array(SEED_BYTES));

/** Name and words of each thing that is sent. */
type Sent = readonly (readonly [name: string, words: Uint32Array])[];

/** Keys and ciphertexts, seeds expanded, in one order. */
function send(keys: ClientKeys): Sent {
  const sent: [string, Uint32Array][] = [];
  const add = (name: string, parts: readonly Uint32Array[]): void => {
    const words = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      words.set(part, at);
      at += part.length;
    }
    sent.push([name, words]);
  };
  // Cut to the levels at which a style of two squares uses them.
  add('relinearisation key', expandedKey(keys.relinearizationKey(4), PARAMETERS).digits);
  add('key for a rotation by 1', expandedKey(keys.rotationKey(1, 5), PARAMETERS).digits);
  for (let tap = 0; tap < 9; tap += 1) {
    const slots = Float64Array.from({ length: 25 * 25 }, (_, i) => (i * 7 + tap) % 2);
    add(`ciphertext ${tap}`, [expanded(keys.encrypt(slots, 2 ** 28, 5).ciphertext, PARAMETERS).words]);
  }
  return sent;
}

using fast = new FastKeys(
  new ClientKernel(await WebAssembly.compile(clientKernelBytes()), PARAMETERS),
  new MasterSeed(master.slice()),
);
using context = new SealContext(await loadSeal(), PARAMETERS);
using seal = new SealKeys(context, new MasterSeed(master.slice()));
const [ours, theirs] = [send(fast), send(seal)];
let different = 0;
for (const [i, [name, words]] of ours.entries()) {
  const hash = (of: Uint32Array): string => createHash('sha256').update(of).digest('hex');
  const [one, other] = [hash(words), hash(theirs[i][1])];
  if (one !== other) different += 1;
  console.log(`${name.padEnd(24)} ${one.slice(0, 16)}… ${one === other ? 'equal' : 'DIFFERENT'}`);
}
console.log(different === 0 ? 'All bytes are SEAL’s.' : `${different} differ.`);
process.exitCode = different === 0 ? 0 : 1;

// The canary: the secret key's bytes are in no message to the server role, and a build that leaks them is caught.
//
// How the test comes to know the key of an untouched build: from outside, it reads the memory of the client's kernel
// when that has made a key. (Its randomness cannot be replaced: then it makes no keys.) That it is the key is shown by
// decrypting with it, in SEAL, what the page has sent. All messages to server workers are recorded and searched for any 32 bytes
// of the key, in 32-bit words or in 64-bit words as SEAL serialises, at any byte offset; of the key times 2^32, as the
// client's kernel holds it; and of both packed at their primes' bits, as frames are. A key
// that was hashed, encrypted or sent in pieces of less than 32 bytes would not be found; the import rules and the API
// of the client role are the defence there (src/client).
//
// The control: a build (`vite build --mode leaking`) whose client role hides the key in a well-formed frame of
// evaluation keys. It makes the same codes, and this search must find it.
//
// That no other way leads to the server role is shown too: the client worker opens no channel or worker of its own, and
// no request has a body (offline.e2e.ts: after the load there is no request at all).

import { expect, type Page, test } from '@playwright/test';
import { leakingOrigin, origin } from './origins.ts';
import {
  channelsOpened,
  firstCiphertextFrame,
  recordMessages,
  searchForKey,
  sentToServer,
  watchChannels,
} from './support/key-watch.ts';
import { knownKey, type KnownKey } from './support/known-key.ts';
import { type SeenKey, watchWorkers } from './support/secret-watch.ts';
import { choose, make, openStudio, prepared, setLive } from './support/studio.ts';
import { workerNamed } from './support/workers.ts';

/** Styles a code under a watched key and returns the key that opens what the page sent first. */
async function styleWithKnownKey(page: Page, url: string): Promise<KnownKey> {
  await recordMessages(page);
  await watchWorkers(page);
  await openStudio(page, url);
  await setLive(page, false);
  await choose(page, 'Gradient');
  await prepared(page, 'gradient');
  const client = await workerNamed(page, 'client');
  await client.evaluate(watchChannels);
  await choose(page, 'Liquid');
  await make(page);
  await page.getByText('Parameters and figures').click();
  const figure = (name: string): Promise<string> =>
    page.locator('dt', { hasText: name }).locator('xpath=following-sibling::dd[1]').innerText();
  const polyModulusDegree = Number(/N = (\d+)/.exec(await figure('Scheme'))?.[1]);
  const coeffModulusBits = (await figure('Coefficient modulus')).split(' + ').map(Number);
  const seen = await client.evaluate(() => (globalThis as unknown as { seenKeys: SeenKey[] }).seenKeys);
  const frame = await firstCiphertextFrame(page);
  // A key serves one picture, and others are made ahead: which of them served this one is tried.
  for (const one of seen.filter(({ primes }) => primes.length === coeffModulusBits.length)) {
    const key = await knownKey({ polyModulusDegree, coeffModulusBits }, one);
    if (looksLikeModules(key.decrypt(frame))) return key;
    key[Symbol.dispose]();
  }
  throw new Error(`None of ${seen.length} keys opens what the page has sent.`);
}

/** Whether every slot is 0 or 1 and both occur, as in an encrypted code: under another key, all is noise. */
function looksLikeModules(slots: Float64Array): boolean {
  const isModule = (value: number): boolean => Math.abs(value) < 0.01 || Math.abs(value - 1) < 0.01;
  return slots.every(isModule) && slots.some((value) => value > 0.5);
}

test('no message to the server role holds the secret key', async ({ page, context }) => {
  const bodies: string[] = [];
  context.on('request', (request) => {
    if (request.postData() !== null) bodies.push(request.url());
  });
  using key = await styleWithKnownKey(page, origin);
  const sent = await sentToServer(page);
  expect(sent.messages).toBeGreaterThan(5);
  expect(sent.bytes).toBeGreaterThan(1_000_000);
  expect(await searchForKey(page, key.residues)).toEqual([]);
  expect(await searchForKey(page, key.rows)).toEqual([]);
  expect(await searchForKey(page, key.packed)).toEqual([]);
  expect(bodies).toEqual([]);
  expect(await channelsOpened(page)).toEqual([]);
});

test('the same search finds the key in a build that leaks it', async ({ page }) => {
  using key = await styleWithKnownKey(page, leakingOrigin);
  expect((await searchForKey(page, key.packed)).length).toBeGreaterThan(0);
});

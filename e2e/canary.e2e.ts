// The canary: the secret key is in nothing that leaves the client worker, in any form, and a build that leaks it is caught.
//
// How the test comes to know the key of an untouched build: from outside, it reads the memory of the client's kernel when
// that has made a key. (Its randomness cannot be replaced: then it makes no keys.) That it is the key is shown by decrypting
// with it, in SEAL, what the page has sent. Everything that the page posts to
// the service, and over ports and channels, every address, every worker's name and all that is stored is recorded and
// searched for that key: its residues in words of 32 and 64 bits and as floats, its coefficients as numbers of any size and
// packed, forward and reversed, in bytes, in text, and in numbers that stand alone (fixtures/key-search.ts). A key that
// was encrypted, hashed or split into random shares would not be found; the import rules and the interface of the client role
// are the defence there (src/client).
//
// The control: a build (`vite build --mode leaking`) whose client role gives its keys to the page, and whose page lets them out
// in each of these forms when it is told to (e2e/leaking/leaks.ts). It makes the same codes, and the search must find each.
//
// That no other way leads to the server role is shown too: the client worker opens no channel or worker of its own, and no
// request has a body (offline.e2e.ts: after the load there is no request at all).

import { expect, type Page, test } from '@playwright/test';
import { type KnownSecret, knownSecret } from '../fixtures/key-forms.ts';
import { type Crossed, type KeySighting, searchFor } from '../fixtures/key-search.ts';
import { LEAKS } from './leaking/leaks.ts';
import { leakingOrigin, origin } from './origins.ts';
import {
  channelsOpened,
  firstCiphertextFrame,
  keysOf,
  recordMessages,
  recordRequests,
  sentToService,
  storedBy,
  takeRecorded,
  toSearch,
  watchClient,
} from './support/key-watch.ts';
import { checkParameters, type ParametersLiteral } from '../src/params/parameters.ts';
import { knownKey } from './support/known-key.ts';
import type { Recorded } from './support/recording.ts';
import { make, openStudio, setLive } from './support/studio.ts';

interface WatchedRun {
  readonly key: KnownSecret;
  /** Its residues times 2^32 and 2^64, as the client's kernel holds them, and all packed at the primes' bits, as frames are. */
  readonly rows: Uint32Array;
  readonly packed: Uint32Array;
  readonly recorded: readonly Recorded[];
  readonly requests: Recorded[];
}

/** Opens the page at `url` with its keys watched, makes a code, and finds out the key that it was encrypted with. */
async function watchedRun(page: Page, url: string): Promise<WatchedRun> {
  await recordMessages(page);
  await watchClient(page);
  const requests = recordRequests(page);
  await openStudio(page, url);
  await setLive(page, false);
  await make(page);
  await page.getByText('Parameters and figures').click();
  const figure = (name: string): Promise<string> =>
    page.locator('dt', { hasText: name }).locator('xpath=following-sibling::dd[1]').innerText();
  const polyModulusDegree = Number(/N = (\d+)/.exec(await figure('Scheme'))?.[1]);
  const coeffModulusBits = (await figure('Coefficient modulus')).split(' + ').map(Number);
  const sent = await sentToService(page);
  expect(sent.messages).toBeGreaterThan(5);
  expect(sent.bytes).toBeGreaterThan(1_000_000);
  const recorded = await takeRecorded(page);
  const literal: ParametersLiteral = { polyModulusDegree, coeffModulusBits };
  const frame = firstCiphertextFrame(recorded);
  for (const seen of await keysOf(page)) {
    using candidate = await knownKey(literal, seen);
    if (!looksLikeModules(candidate.decrypt(frame))) continue;
    const key = knownSecret(candidate.residues, checkParameters(literal));
    return { key, rows: candidate.rows, packed: candidate.packed, recorded, requests };
  }
  throw new Error('No key that was seen decrypts the code.');
}

/** Whether every slot is 0 or 1 and both occur, as in an encrypted code: under another key, all is noise. */
function looksLikeModules(slots: Float64Array): boolean {
  const isModule = (value: number): boolean => Math.abs(value) < 0.01 || Math.abs(value - 1) < 0.01;
  return slots.every(isModule) && slots.some((value) => value > 0.5);
}

test('nothing that leaves the client worker holds the secret key', async ({ page }) => {
  const { key, rows, packed, recorded, requests } = await watchedRun(page, origin);
  const stored = await storedBy(page);
  for (const residues of [key.residues, rows, packed]) {
    expect([...searchFor({ ...key, residues })(toSearch(recorded, requests, stored))]).toEqual([]);
  }
  // What the search could not look into is not there.
  expect(recorded.filter(({ value }) => typeof value === 'string' && value.startsWith('a Blob'))).toEqual([]);
  expect(stored.filter(({ path }) => /databases|caches/.test(path) && path.endsWith('[]'))).toEqual([]);
  expect(requests.filter(({ path }) => path === 'body')).toEqual([]);
  expect(await channelsOpened(page)).toEqual([]);
});

test('the same search finds the key in a build that leaks it, in each form', async ({ page }) => {
  const { key, packed, recorded, requests } = await watchedRun(page, leakingOrigin);
  const search = searchFor(key);
  const searchFrames = searchFor({ ...key, residues: packed });
  const found: Record<string, KeySighting | undefined> = {};
  const look = (name: string, crossed: readonly Crossed[], by = search): void => {
    const [sighting] = by(crossed).take(1);
    found[name] = sighting;
    // A table for people.
    console.log(`${name.padEnd(56)} ${sighting ? `${sighting.place}: ${sighting.form}` : 'NOT FOUND'}`);
  };
  look('a rotation key in a well-formed frame', toSearch(recorded), searchFrames);
  for (const name of Object.keys(LEAKS)) {
    requests.length = 0;
    await page.evaluate(
      (leak) => (globalThis as unknown as { leakBy: (leak: string) => Promise<void> }).leakBy(leak),
      name,
    );
    const crossed = toSearch(await takeRecorded(page), requests, await storedBy(page));
    await page.evaluate(() => localStorage.clear());
    look(name, crossed);
  }
  for (const [name, sighting] of Object.entries(found)) expect(sighting, name).toBeDefined();
});

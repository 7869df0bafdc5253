// A request that the client's code made from a known seed gets the same bytes from Chromium as from Node; and not where
// the tables are of another cosine. The whole table: npm run determinism.
import { expect, test } from '@playwright/test';
import { askPage, buildPage, inNode, inPage, PAGE, recordRequests } from './same-bytes/hosts.ts';
import { servePlainly } from './support/plain-server.ts';

const NAMES = ['liquid-2'];
const COUNTS = [1, 3];

test('the same request gets the same bytes in Chromium as in Node', async ({ page }) => {
  await using built = await buildPage('same-bytes');
  const { folder } = built;
  await recordRequests(folder, NAMES);
  const expected = await inNode(folder, NAMES, COUNTS);
  const [{ answers }] = expected;
  expect(answers[1]).toMatch(/^[0-9a-f]{64}$/);
  expect(answers[3]).toBe(answers[1]);
  await using site = await servePlainly(folder);
  await page.goto(`${site.origin}/${PAGE}`);
  expect(await inPage((question) => page.evaluate(askPage, question), NAMES, COUNTS)).toEqual(expected);
});

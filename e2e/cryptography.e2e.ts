// Microsoft SEAL in both roles: loaded when it is chosen and not before, and its picture is the fast client's to the byte.

import { expect, test } from '@playwright/test';
import { choose, download, make, openStudio, setLive } from './support/studio.ts';

const SEAL = 'Microsoft SEAL in both roles';

test('SEAL in both roles draws the same picture, also offline once it has come', async ({
  page,
  context,
}) => {
  // Two contexts in SEAL, half a second each on a free machine, and its operations at a tenth of the speed.
  test.slow();
  const loads: string[] = [];
  context.on('request', (request) => {
    if (request.url().includes('seal_throws')) loads.push(request.url());
  });
  await openStudio(page);
  await setLive(page, false);
  await make(page);
  const fast = await download(page, 'PNG');
  expect(loads).toEqual([]);

  await choose(page, SEAL);
  await expect(page.getByText('it waits for the button')).toBeVisible();
  expect(loads).toEqual([]);
  await make(page);
  expect(loads.length).toBeGreaterThan(0);
  const slow = await download(page, 'PNG');
  expect(Buffer.compare(Buffer.from(slow.bytes), Buffer.from(fast.bytes))).toBe(0);

  const before = loads.length;
  await context.setOffline(true);
  await page.getByLabel('Web address').fill('example.org/offline');
  await make(page);
  await choose(page, 'Fast, with the bytes');
  await make(page);
  expect(loads).toHaveLength(before);
});

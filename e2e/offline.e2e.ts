// After the first load nothing is requested: the requests are counted, and then the network is cut.

import { type BrowserContext, expect, test } from '@playwright/test';
import { origin } from './origins.ts';
import { choose, make, openStudio } from './support/studio.ts';

/** The addresses asked for from now on, by the page and by its workers. */
function requestsOf(context: BrowserContext): string[] {
  const seen: string[] = [];
  context.on('request', (request) => {
    // Object URLs name memory of this page and go nowhere.
    if (!request.url().startsWith('blob:')) seen.push(request.url());
  });
  return seen;
}

test('nothing is requested after the page has loaded', async ({ page, context }) => {
  await openStudio(page);
  const requests = requestsOf(context);
  await context.setOffline(true);
  for (const style of ['Gradient', 'Liquid', 'Dots']) {
    await choose(page, style);
    await make(page);
  }
  await page.getByLabel('Web address').fill('example.org/Привіт');
  await choose(page, 'Event');
  await page.getByRole('button', { name: 'Theme' }).click();
  expect(requests).toEqual([]);
});

test('the counter sees requests of the page and of its workers', async ({ page, context }) => {
  await openStudio(page);
  const requests = requestsOf(context);
  await page.evaluate(() => fetch('/favicon.svg?page'));
  const workers = page.workers();
  for (const [at, worker] of workers.entries()) {
    await worker.evaluate(
      async (address) => void (await fetch(address)),
      `${origin}/favicon.svg?worker-${at}`,
    );
  }
  expect(workers.length).toBeGreaterThanOrEqual(3);
  await expect.poll(() => requests.length).toBe(1 + workers.length);
  for (const name of ['?page', ...workers.map((_, at) => `?worker-${at}`)]) {
    expect(requests.some((url) => url.endsWith(name))).toBe(true);
  }
});

// The page's workers by the names that it gives them: their addresses, in memory, say nothing.
import type { Page, Worker as PageWorker } from '@playwright/test';

/** The workers of `page` that are called `name`, those of its service among them. */
export async function workersNamed(page: Page, name: string): Promise<PageWorker[]> {
  const workers = page.workers();
  const names = await Promise.all(workers.map((worker) => worker.evaluate(() => self.name)));
  return workers.filter((_, at) => names[at] === name);
}

/** The one worker of `page` that is called `name`. */
export async function workerNamed(page: Page, name: string): Promise<PageWorker> {
  const found = await workersNamed(page, name);
  if (found.length !== 1) throw new Error(`The page has ${found.length} workers called "${name}".`);
  return found[0];
}

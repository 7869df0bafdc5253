// What lasts but a moment, seen and acted on inside the page: asked from outside, a busy machine would miss it.

import type { Page } from '@playwright/test';

/**
 * From now on, presses the first button that reads `button` in the moment in which something matches `selector`; once.
 * The page's own work cannot go on between the two: the click comes with the change of the document.
 */
export async function pressWhen(page: Page, selector: string, button: string): Promise<void> {
  await page.evaluate(
    ([wanted, label]) => {
      const observer = new MutationObserver(() => {
        const found = [...document.querySelectorAll('button')].find(
          ({ textContent }) => textContent.trim() === label,
        );
        if (!found || !document.querySelector(wanted)) return;
        observer.disconnect();
        found.click();
      });
      observer.observe(document.body, { subtree: true, childList: true, attributes: true });
    },
    [selector, button],
  );
}

/** Notes every text that the element `selector` shows from now on. @returns how to ask for them */
export async function watchText(page: Page, selector: string): Promise<() => Promise<string[]>> {
  const texts = await page.evaluateHandle((wanted) => {
    const seen: string[] = [];
    const look = (): void => {
      const text = document.querySelector(wanted)?.textContent.trim();
      if (text !== undefined && text !== seen.at(-1)) seen.push(text);
    };
    look();
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
    });
    return seen;
  }, selector);
  return () => texts.jsonValue();
}

/**
 * Has the page tick as fast as it can from now on. @returns how to ask for the longest gap between two ticks and their number;
 * asking begins anew
 */
export async function startTicker(page: Page): Promise<() => Promise<{ longestMs: number; ticks: number }>> {
  const ticker = await page.evaluateHandle(() => {
    const state = { longestMs: 0, ticks: 0 };
    const { port1, port2 } = new MessageChannel();
    let last = performance.now();
    port1.onmessage = () => {
      const now = performance.now();
      state.longestMs = Math.max(state.longestMs, now - last);
      state.ticks += 1;
      last = now;
      // A pause of a millisecond, or the ticker itself would keep the page busy.
      // eslint-disable-next-line no-restricted-syntax -- proves nothing: what is measured is how long the page takes to come back
      setTimeout(() => port2.postMessage(0), 1);
    };
    port2.postMessage(0);
    return state;
  });
  return () =>
    ticker.evaluate((state) => {
      const seen = { ...state };
      state.longestMs = 0;
      state.ticks = 0;
      return seen;
    });
}

/**
 * The page's longest piece of work since `work` began, in milliseconds of its own thread's CPU time: what a busy machine
 * does not stretch. Chromium's.
 */
export async function longestTask(page: Page, work: () => Promise<void>): Promise<number> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline'] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: {
      name: string;
      ph: string;
      pid: number;
      tid: number;
      tdur?: number;
      args?: { name?: string; data?: { frames?: { processId?: number }[] } };
    }[];
  };
  const pages = new Set(
    traceEvents.flatMap(({ name, args }) =>
      name === 'TracingStartedInBrowser' ? (args?.data?.frames ?? []).map(({ processId }) => processId) : [],
    ),
  );
  const threads = new Set(
    traceEvents.flatMap(({ name, pid, tid, args }) =>
      name === 'thread_name' && args?.name === 'CrRendererMain' && pages.has(pid) ? [`${pid} ${tid}`] : [],
    ),
  );
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => ph === 'X' && name.endsWith('RunTask') && threads.has(`${pid} ${tid}`),
  );
  return tasks.reduce((most, { tdur = 0 }) => Math.max(most, tdur / 1000), 0);
}

/**
 * Stops the page's clock: from now on its timers fire only as `page.clock.runFor` says. Needs `page.clock.install()`
 * before the page was opened. Its workers keep their own time.
 */
export async function stopClock(page: Page): Promise<void> {
  const now = await page.evaluate(() => Date.now());
  // Ahead of what passes until the call arrives, and short of the limits of calls that are under way.
  await page.clock.pauseAt(now + 60_000);
}

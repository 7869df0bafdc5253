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
 * Stops the page's clock: from now on its timers fire only as `page.clock.runFor` says. Needs `page.clock.install()`
 * before the page was opened. Its workers keep their own time.
 */
export async function stopClock(page: Page): Promise<void> {
  const now = await page.evaluate(() => Date.now());
  // Ahead of what passes until the call arrives, and short of the limits of calls that are under way.
  await page.clock.pauseAt(now + 60_000);
}

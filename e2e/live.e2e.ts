// The live preview: typing alone leads to a proven picture of the last text, and nobody is disturbed on the way.

import { expect, type Page, test } from '@playwright/test';
import { decode } from './support/decode.ts';
import { stopClock } from './support/moments.ts';
import { choose, download, make, openStudio, phase, prepared, setLive } from './support/studio.ts';

/** Longer than the pause after which the page takes a text up (src/ui/state/live.svelte.ts). */
const PAUSE_MS = 200;

/** Longer than nothing may change before the page speaks. */
const CALM_MS = 1500;

/** Watches what the page shows, from inside: polling from here would miss what lasts a moment. */
interface Watch {
  /** Texts of the status line, in order. */
  readonly said: string[];
  /** Pictures shown, by address. */
  readonly pictures: string[];
  /** Runs begun, and runs that came to a picture. */
  begun: number;
  /** How often, after the first picture, there was none. */
  gaps: number;
  alerts: number;
}

async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const watched: Watch = { said: [], pictures: [], begun: 0, gaps: 0, alerts: 0 };
    Object.assign(globalThis, { watched });
    let running = false;
    const look = (): void => {
      const status = document.querySelector<HTMLElement>('[role=status][data-phase]')!;
      const text = status.textContent.trim();
      if (text !== '' && text !== watched.said.at(-1)) watched.said.push(text);
      const encoding = document.querySelector('[data-stage=encode-qr]')!.getAttribute('data-state');
      if (encoding === 'running' && !running) watched.begun += 1;
      running = encoding === 'running';
      const picture = document.querySelector<HTMLImageElement>('[data-view=result] img');
      if (picture && picture.src !== watched.pictures.at(-1)) watched.pictures.push(picture.src);
      if (!picture && watched.pictures.length > 0) watched.gaps += 1;
      watched.alerts += document.querySelectorAll('[data-code]').length;
    };
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      attributes: true,
      characterData: true,
    });
  });
}

function watched(page: Page): Promise<Watch> {
  return page.evaluate(() => (globalThis as unknown as { watched: Watch }).watched);
}

/** Waits until the picture is that of the form, and nothing runs. */
async function followed(page: Page): Promise<void> {
  await expect(page.locator('[data-view=result]')).not.toHaveClass(/stale/);
  await expect(phase(page)).toHaveAttribute('data-phase', 'done');
}

/** Types with `ms` of the page's own time from key to key, however slow this machine is. */
async function typeEvery(page: Page, text: string, ms: number): Promise<void> {
  for (const key of text) {
    await page.keyboard.type(key);
    await page.clock.runFor(ms);
  }
}

test('typing leads to the picture of the last text; those in between are aborted', async ({ page }) => {
  await page.clock.install();
  await openStudio(page);
  await prepared(page);
  await choose(page, 'Text');
  const field = page.getByRole('textbox', { name: 'Text' });
  await field.fill('first');
  await followed(page);
  await stopClock(page);
  await watch(page);
  const typed = ' and then a few words more';
  await field.press('End');
  await typeEvery(page, typed, 60);
  await page.clock.runFor(PAUSE_MS);
  await followed(page);
  await expect(field).toBeFocused();
  const png = await download(page, 'PNG');
  expect(await decode(png.bytes)).toEqual({ zxing: `first${typed}`, zbar: `first${typed}` });
  const seen = await watched(page);
  // Quicker than the keys it would have to be for a picture of each.
  expect(seen.begun).toBeLessThan(typed.length);
  expect(seen.pictures.length).toBeLessThan(typed.length);
  expect(seen.gaps).toBe(0);
  expect(seen.alerts).toBe(0);
  await expect(page.locator('[data-round-trip]')).toContainText(/key to proven picture\s+\d+/);
});

test('it speaks once, when the typing has ended', async ({ page }) => {
  await page.clock.install();
  await openStudio(page);
  await prepared(page);
  await choose(page, 'Text');
  const field = page.getByRole('textbox', { name: 'Text' });
  await field.fill('first');
  await followed(page);
  // The first picture has been spoken of: nothing is left to say of it.
  await expect(phase(page)).toContainText('read back exactly by two scanners');
  await stopClock(page);
  await watch(page);
  await field.press('End');
  await typeEvery(page, ' second', 80);
  await page.clock.runFor(PAUSE_MS);
  await followed(page);
  expect((await watched(page)).said).toEqual([]);
  await page.clock.runFor(CALM_MS);
  await expect(phase(page)).toContainText('read back exactly by two scanners');
  const { said } = await watched(page);
  expect(said).toHaveLength(1);
});

test('switched off, it waits for the button; switched on, it catches up', async ({ page }) => {
  await openStudio(page);
  await setLive(page, false);
  await choose(page, 'Gradient');
  await make(page);
  await page.getByLabel('Web address').fill('example.org/later');
  await expect(page.getByText('You have changed something since.')).toBeVisible();
  await expect(page.locator('[data-view=result]')).toHaveClass(/stale/);
  await setLive(page, true);
  await followed(page);
  const png = await download(page, 'PNG');
  expect((await decode(png.bytes)).zxing).toBe('https://example.org/later');
});

test('a text that is wrong or too long leaves the last picture and the focus where they are', async ({
  page,
}) => {
  await openStudio(page);
  await choose(page, 'Text');
  const field = page.getByRole('textbox', { name: 'Text' });
  await field.fill('short');
  await followed(page);
  await field.fill('');
  await expect(page.locator('[data-view=result]')).toHaveClass(/stale/);
  await field.fill('x'.repeat(400));
  await expect(page.getByText('codes beyond version 10 wait for the button')).toBeVisible();
  await expect(page.locator('[data-view=result] img')).toBeVisible();
  await expect(field).toBeFocused();
  await expect(page.locator('[data-code]')).toHaveCount(0);
  await expect(phase(page)).toHaveAttribute('data-phase', 'done');
});

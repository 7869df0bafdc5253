// The page as the tests use it: opening it, making a code, taking it home.

import { readFile } from 'node:fs/promises';
import { expect, type Locator, type Page } from '@playwright/test';

/** Opens the page and waits until everything is loaded. */
export async function openStudio(page: Page, url = '/'): Promise<void> {
  await page.goto(url);
  await expect(page.locator('[data-readiness]')).toHaveAttribute('data-readiness', 'ready');
}

/** The form's status line: its `data-phase` says how the run stands. */
export function phase(page: Page): Locator {
  return page.locator('[role=status][data-phase]');
}

/** Chooses a radio button that looks like something else. */
export async function choose(page: Page, name: string): Promise<void> {
  await page.getByRole('radio', { name }).check({ force: true });
}

/** Switches the live preview. It is on when the page opens. */
export async function setLive(page: Page, on: boolean): Promise<void> {
  await page.getByRole('switch', { name: 'Live' }).setChecked(on, { force: true });
}

/** Waits until plan and keys for `style` have been made ahead of a run. */
export async function prepared(page: Page, style = 'liquid'): Promise<void> {
  await expect(page.locator('[data-prepared]')).toHaveAttribute('data-prepared', style);
}

/** Presses the button. */
export async function startMaking(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Make it' }).click();
}

/** Presses the button and waits for a proven code. */
export async function make(page: Page): Promise<void> {
  await startMaking(page);
  await expect(phase(page)).not.toHaveAttribute('data-phase', 'running');
  // First what went wrong, if anything did: it says more than the phase.
  expect(await page.locator('[data-code]').allInnerTexts()).toEqual([]);
  await expect(phase(page)).toHaveAttribute('data-phase', 'done');
}

/** Saves the code as the user would, and returns the file's bytes and name. */
export async function download(
  page: Page,
  format: 'PNG' | 'SVG',
): Promise<{ name: string; bytes: Uint8Array }> {
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: `Save ${format}` }).click(),
  ]);
  return { name: saved.suggestedFilename(), bytes: await readFile(await saved.path()) };
}

// The lab page as the tests use it: opening it, choosing files, waiting for plan and outcome.

import { resolve } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';

const models = resolve(import.meta.dirname, '../../public/models');

/** Opens the lab. */
export async function openLab(page: Page): Promise<void> {
  await page.goto('/lab.html');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Your network');
}

/** A file that a test makes up, as the file chooser takes it. */
export interface Upload {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** The file `name` that holds `content`. */
export function upload(name: string, content: string | Uint8Array): Upload {
  return { name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) };
}

/** Chooses a file, of public/models unless one is given, and waits until the page has it. */
export async function take(page: Page, label: 'Model' | 'Input', name: string, file?: Upload): Promise<void> {
  const field = page.locator('label', {
    has: page.locator('input[type=file]'),
    hasText: new RegExp(`^\\s*${label}\\b`),
  });
  await field.locator('input').setInputFiles(file ?? resolve(models, name));
  await expect(field).toContainText(name);
}

/** Takes the example that comes with the page, and waits for its plan. */
export async function takeExample(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Digits', exact: true }).click();
  await planned(page);
}

/** Waits until `there` is to be seen and nothing is under way; fails with the page's own words where something went wrong. */
async function arrived(page: Page, there: Locator): Promise<void> {
  await expect(there.or(page.locator('[data-code]')).first()).toBeVisible();
  await idle(page);
  expect(await page.locator('[data-code]').allInnerTexts()).toEqual([]);
}

/** Waits until nothing is under way. What was begun must have shown itself before. */
export async function idle(page: Page): Promise<void> {
  await expect(page.locator('[data-phase]')).toHaveAttribute('data-phase', 'idle');
}

/** Waits until the files are planned. */
export async function planned(page: Page): Promise<void> {
  await arrived(page, page.getByRole('region', { name: 'What it will cost' }));
}

/** Presses the button and waits for the outcome. */
export async function run(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run it encrypted' }).click();
  await arrived(page, page.getByRole('region', { name: 'What came of it' }));
}

/** Waits for what the page says against the files. */
export async function refusal(page: Page): Promise<string> {
  const problem = page.locator('[data-code]');
  await expect(problem.first()).toBeVisible();
  return (await problem.allInnerTexts()).join();
}

/** Largest error of the run, as the page shows it. */
export async function largestError(page: Page): Promise<number> {
  return Number(await page.locator('[data-figure=max-error]').innerText());
}

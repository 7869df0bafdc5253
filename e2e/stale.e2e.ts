// A result of before: once the form asks for another picture, the old one is called old and does not leave the page.

import { expect, type Locator, type Page, test } from '@playwright/test';
import { decode } from './support/decode.ts';
import { choose, download, make, openStudio, phase, setLive } from './support/studio.ts';

const result = (page: Page): Locator => page.getByRole('region', { name: 'Result' });

/** Whether the result may be taken along, and looks like it, in every way. */
async function expectTakeable(page: Page, takeable: boolean): Promise<void> {
  for (const name of ['Save PNG', 'Save SVG', 'Copy']) {
    await expect(page.getByRole('button', { name })).toBeEnabled({ enabled: takeable });
  }
  await expect(result(page)).toHaveAttribute('data-stale', String(!takeable));
  await expect(result(page).getByText('Read back exactly by')).toHaveCount(Number(takeable));
  await expect(result(page).getByText('Was read back by')).toHaveCount(Number(!takeable));
  // Else the browser's own menu would save it.
  await expect(page.locator('[data-view=result] img')).toHaveCSS(
    'pointer-events',
    takeable ? 'auto' : 'none',
  );
}

/** The colour of the first badge; green is what the page says it is. */
async function isGreen(page: Page): Promise<boolean> {
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
  const badge = page.locator('[data-decoder=zxing]');
  return badge.evaluate((element) => {
    const probe = document.createElement('i');
    probe.style.color = 'var(--good)';
    element.append(probe);
    const [shown, green] = [element, probe].map((item) => getComputedStyle(item).color);
    probe.remove();
    return shown === green;
  });
}

test('another content, level, style, direction or colour makes a result stale, and the way back fresh', async ({
  page,
}) => {
  await openStudio(page);
  await setLive(page, false);
  await choose(page, 'Gradient');
  await page.getByLabel('Web address').fill('example.org/old');
  await make(page);
  await expectTakeable(page, true);
  expect(await isGreen(page)).toBe(true);
  const start = await page.getByLabel('Start colour').inputValue();
  const changes: readonly (readonly [() => Promise<void>, () => Promise<void>])[] = [
    [
      () => page.getByLabel('Web address').fill('example.org/new'),
      () => page.getByLabel('Web address').fill('example.org/old'),
    ],
    [
      () => page.getByLabel('Web address').fill(''),
      () => page.getByLabel('Web address').fill('example.org/old'),
    ],
    [() => choose(page, 'Wi-Fi'), () => choose(page, 'Link')],
    [() => choose(page, 'H, repairs'), () => choose(page, 'M, repairs')],
    [() => choose(page, 'Dots'), () => choose(page, 'Gradient')],
    [() => choose(page, 'Down'), () => choose(page, 'Across')],
    [
      () => page.getByLabel('Start colour').fill('#123456'),
      () => page.getByLabel('Start colour').fill(start),
    ],
    [
      () => page.getByLabel('Background colour').fill('#000000'),
      () => page.getByRole('button', { name: 'Reset colours' }).click(),
    ],
  ];
  for (const [change, back] of changes) {
    await change();
    await expectTakeable(page, false);
    expect(await isGreen(page)).toBe(false);
    await expect(page.getByText('To save or copy it, make it again.')).toBeVisible();
    await back();
    await expectTakeable(page, true);
    expect(await isGreen(page)).toBe(true);
  }
});

test('what is made again is the new content, and can be taken along', async ({ page }) => {
  await openStudio(page);
  await setLive(page, false);
  await make(page);
  await page.getByLabel('Web address').fill('example.org/new');
  await expectTakeable(page, false);
  await make(page);
  await expectTakeable(page, true);
  const { bytes } = await download(page, 'PNG');
  expect((await decode(bytes)).zxing).toBe('https://example.org/new');
});

test('the live preview never lets the picture of another text go', async ({ page }) => {
  await openStudio(page);
  const field = page.getByLabel('Web address');
  await field.fill('example.org/live');
  await expect(page.getByRole('button', { name: 'Save PNG' })).toBeEnabled();
  // The moment after a key: nothing may be saved before the new picture is there.
  const enabled = await field.evaluate(async (input: HTMLInputElement) => {
    input.value += '/more';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await Promise.resolve();
    return [...document.querySelectorAll<HTMLButtonElement>('.take button')].map(({ disabled }) => !disabled);
  });
  expect(enabled).toEqual([false, false, false]);
  await expectTakeable(page, true);
  expect((await decode((await download(page, 'PNG')).bytes)).zxing).toBe('https://example.org/live/more');
  await field.fill('');
  await expectTakeable(page, false);
  await expect(page.getByText('To save or copy it, make it again.')).toBeVisible();
  await expect(phase(page)).toHaveAttribute('data-phase', 'done');
});

test('a note of having copied goes with the picture that was copied', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openStudio(page);
  await setLive(page, false);
  await make(page);
  await page.getByRole('button', { name: 'Copy' }).click();
  await expect(page.getByText('Copied.')).toBeVisible();
  await page.getByLabel('Web address').fill('example.org/new');
  await expect(page.getByText('Copied.')).toHaveCount(0);
  await make(page);
  await expect(page.getByText('Copied.')).toHaveCount(0);
});

// For everybody: axe finds nothing serious in either theme, the keyboard is enough, a phone is wide enough.

import { expect, test } from '@playwright/test';
import { findings } from './support/axe.ts';
import { watchText } from './support/moments.ts';
import { choose, make, openStudio, phase, setLive, startMaking } from './support/studio.ts';

test('axe finds nothing serious, in either theme: empty, wrong, done, and stale', async ({ page }) => {
  await openStudio(page);
  expect(await findings(page)).toEqual([]);
  await choose(page, 'Wi-Fi');
  await startMaking(page);
  await page.getByLabel('Background colour').fill('#000000');
  await expect(page.getByText('Choose darker colours or a lighter background')).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Reset colours' }).click();
  await choose(page, 'Link');
  await choose(page, 'Gradient');
  await make(page);
  await page.getByText('Parameters and figures').click();
  expect(await findings(page)).toEqual([]);
  await setLive(page, false);
  await page.getByLabel('End colour').fill('#f76909');
  await expect(page.getByText('the correction may make the end colour darker')).toBeVisible();
  await expect(page.getByText('Made before your last change')).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await make(page);
  expect(await findings(page)).toEqual([]);
});

test('axe sees a planted fault', async ({ page }) => {
  await openStudio(page);
  await page.evaluate(() => document.querySelector('main')!.append(document.createElement('button')));
  const found = (await findings(page)).join();
  for (const theme of ['light', 'dark']) expect(found).toContain(`${theme}: button-name`);
});

test('the keyboard alone makes and saves a code', async ({ page }) => {
  await openStudio(page);
  const focused = page.locator(':focus');
  for (const name of ['Studio', 'Lab', 'Auto']) {
    await page.keyboard.press('Tab');
    await expect(focused).toContainText(name);
  }
  await page.keyboard.press('Tab');
  await expect(focused).toHaveAttribute('value', 'url');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(focused).toHaveAttribute('value', 'text');
  await page.keyboard.press('Tab');
  await page.keyboard.type('typed');
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowLeft');
  await expect(focused).toHaveAttribute('value', 'gradient');
  // The direction, three colours, a picture's file, the level, the cryptography and the live preview's switch lie between style and button.
  for (let stop = 0; stop < 9; stop += 1) await page.keyboard.press('Tab');
  await expect(focused).toHaveText('Make it');
  const buttonTexts = await watchText(page, 'button[type=submit]');
  await page.keyboard.press('Enter');
  await expect(phase(page)).toHaveAttribute('data-phase', 'done');
  await expect(focused).toHaveText('Make it');
  expect(await buttonTexts()).toEqual(['Make it', 'Stop', 'Make it']);
  await page.keyboard.press('Tab');
  await expect(focused).toHaveText('Save PNG');
  const [saved] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  expect(saved.suggestedFilename()).toBe('sealed-qr-gradient.png');
});

test('the picture is copied, or the page says what to do instead', async ({ page, context }) => {
  await openStudio(page);
  await choose(page, 'Gradient');
  await make(page);
  await page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true });
  });
  await page.getByRole('button', { name: 'Copy' }).click();
  await expect(page.getByText('Save the PNG instead.')).toBeVisible();
  await page.evaluate(() => Reflect.deleteProperty(navigator, 'clipboard'));
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy' }).click();
  await expect(page.getByText('Copied.')).toBeVisible();
  const types = await page.evaluate(async () => (await navigator.clipboard.read())[0].types);
  expect(types).toContain('image/png');
});

test('a phone needs no sideways scrolling, whatever is shown', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await openStudio(page);
  const overflow = (): Promise<number> =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  for (const kind of ['Wi-Fi', 'Contact', 'Event', 'Place', 'Link']) {
    await choose(page, kind);
    expect(await overflow()).toBe(0);
  }
  await choose(page, 'Gradient');
  await make(page);
  await expect(page.locator('[data-place=client]')).toBeInViewport();
  await page.getByText('Parameters and figures').click();
  expect(await overflow()).toBe(0);
});

test('the choice of theme is kept', async ({ page }) => {
  await openStudio(page);
  const background = (): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.getByRole('button', { name: 'Theme' }).click();
  await expect(page.getByRole('button', { name: 'Theme' })).toContainText('Light');
  const light = await background();
  await page.getByRole('button', { name: 'Theme' }).click();
  expect(await background()).not.toBe(light);
  await page.reload();
  await expect(page.getByRole('button', { name: 'Theme' })).toContainText('Dark');
});

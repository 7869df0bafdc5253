// Coming back: after Back and after a reload, the page makes what it shows. Browsers fill in what a form held before,
// unless they have kept the whole page alive; then its state is what it was (this project's Chromium never does that).

import { expect, type Page, test } from '@playwright/test';
import { decode } from './support/decode.ts';
import { choose, download, make, openStudio, setLive } from './support/studio.ts';

/** Changes every control of the form that opens: kind, text, box, style, direction, colour, level, switch. */
async function fillIn(page: Page): Promise<void> {
  await setLive(page, false);
  await choose(page, 'Wi-Fi');
  await page.getByLabel('Network name').fill('Cabin');
  await page.getByLabel('Password', { exact: true }).fill('correct horse');
  await page.getByLabel('Hidden network').check();
  await choose(page, 'Gradient');
  await choose(page, 'Down');
  await page.getByLabel('Start colour').fill('#204060');
  await choose(page, 'H, repairs');
}

/** What the form shows, control by control, as the document has it: radio buttons by name, others by label. */
function shown(page: Page): Promise<Record<string, string>> {
  return page.evaluate(() => {
    const controls = document.querySelectorAll<HTMLInputElement>(
      'form :is(input, textarea, select):not([type=file])',
    );
    const seen: Record<string, string> = {};
    for (const control of controls) {
      const { type, checked, value } = control;
      const label = control.getAttribute('aria-label') ?? control.labels![0].textContent.trim();
      if (type === 'checkbox') seen[label] = String(checked);
      else if (type !== 'radio') seen[label] = value;
      else if (checked) seen[control.name] = value;
    }
    return seen;
  });
}

/** The text that a code of what is shown must hold, whatever kind is shown. */
async function expectShownIsMade(page: Page): Promise<void> {
  const form = await shown(page);
  const isWifi = form['kind'] === 'wifi';
  expect(isWifi || form['kind'] === 'url', JSON.stringify(form)).toBe(true);
  if (!isWifi) await page.getByLabel('Web address').fill('example.org/back');
  await make(page);
  const text = isWifi ? 'WIFI:T:WPA;S:Cabin;P:correct horse;H:true;;' : 'https://example.org/back';
  const { name, bytes } = await download(page, 'PNG');
  expect(await decode(bytes)).toEqual({ zxing: text, zbar: text });
  expect(name).toBe(`sealed-qr-${form['style']}.png`);
  await page.getByText('Parameters and figures').click();
  await expect(page.getByText(`level ${form['ecc']},`)).toBeVisible();
}

/** Waits for the page after it has been left and come back to. */
async function ready(page: Page): Promise<void> {
  await expect(page.locator('[data-readiness]')).toHaveAttribute('data-readiness', 'ready');
}

for (const [way, comeBack] of [
  [
    'Back',
    async (page: Page) => {
      await page.getByRole('link', { name: 'Lab' }).click();
      await expect(page.getByRole('heading', { level: 1 })).toContainText('Your network');
      await page.goBack();
    },
  ],
  ['a reload', (page: Page) => page.reload()],
] as const) {
  test(`after ${way} the studio makes what it shows`, async ({ page }) => {
    await openStudio(page);
    await fillIn(page);
    await comeBack(page);
    await ready(page);
    await expectShownIsMade(page);
  });

  test(`after ${way} the lab runs what it shows`, async ({ page }) => {
    await page.goto('/lab.html');
    const fresh = await shown(page);
    await page.getByText('Shape, layer list, refresh').click();
    await page.getByLabel('Shape of one input').fill('1×5×5');
    await page.getByLabel('Refresh after layers').fill('2');
    await page.getByLabel('Layers of a state_dict').fill('(0): ReLU()');
    await page.getByLabel('Simulate only').check();
    await page.getByLabel('Let the client compute').check();
    if (way === 'Back') {
      await page.getByRole('link', { name: 'Studio' }).click();
      await ready(page);
      await page.goBack();
    } else await page.reload();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Your network');
    // Nothing of it is in the page's state any more, so nothing of it may be seen.
    expect(await shown(page)).toEqual(fresh);
    await page.getByRole('button', { name: 'Digits', exact: true }).click();
    await expect(page.getByText('Planned. Nothing has been encrypted yet.')).toBeVisible();
  });
}

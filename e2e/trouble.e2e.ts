// What can go wrong: a worker dies, the user changes their mind, the text is too long, the colours too close.

import { expect, type Page, test } from '@playwright/test';
import { pressWhen } from './support/moments.ts';
import { choose, make, openStudio, phase, setLive, startMaking } from './support/studio.ts';
import { workerNamed } from './support/workers.ts';

/** Text for a code of version 39 at level M: long enough to be caught at work, and not followed live. */
const LONG_TEXT = 'All work and no play makes a dull code. '.repeat(55);

/** A call as it arrives at a worker (Comlink). */
interface Call {
  readonly path?: readonly string[];
}

async function typeLongText(page: Page): Promise<void> {
  await choose(page, 'Text');
  await page.getByRole('textbox', { name: 'Text' }).fill(LONG_TEXT);
  await choose(page, 'Liquid');
}

async function typeShortText(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: 'Text' }).fill('once more');
}

async function expectDeathAndRecovery(page: Page, reason: RegExp): Promise<void> {
  const alert = page.getByRole('alert').filter({ hasText: 'That did not work' });
  await expect(alert).toBeVisible();
  await expect(alert).toContainText(reason);
  await expect(alert).toHaveAttribute('data-code', 'worker-died');
  await expect(alert).toBeFocused();
  await typeShortText(page);
  await make(page);
}

test('a service that throws in mid-run ends in a clear error, and the next run works', async ({ page }) => {
  await openStudio(page);
  await typeLongText(page);
  const service = await workerNamed(page, 'service');
  await service.evaluate(() => {
    addEventListener('message', ({ data }: MessageEvent<Call>) => {
      if (data.path?.[0] === 'evaluate') throw new Error('killed by the test');
    });
  });
  await startMaking(page);
  await expectDeathAndRecovery(
    page,
    /worker "service" stopped .*killed by the test.*a new one will be started/,
  );
});

test('a service that falls silent is missed and replaced', async ({ page }) => {
  await openStudio(page);
  await typeLongText(page);
  // A browser that ends a worker tells nobody; the role never hears the call.
  const service = await workerNamed(page, 'service');
  await service.evaluate(() => {
    const end = (event: MessageEvent<Call>): void => {
      if (event.data.path?.[0] !== 'evaluate') return;
      event.stopImmediatePropagation();
      close();
    };
    addEventListener('message', end, { capture: true });
  });
  await startMaking(page);
  await expectDeathAndRecovery(page, /worker "service" stopped .*no longer answers/);
});

test('stopping in mid-run ends it there, and the next run works', async ({ page }) => {
  await openStudio(page);
  await typeLongText(page);
  await pressWhen(page, '[data-stage=evaluate][data-state=running]', 'Stop');
  await startMaking(page);
  await expect(phase(page)).toHaveAttribute('data-phase', 'stopped');
  await expect(page.locator('[data-stage=evaluate]')).toHaveAttribute('data-state', 'broken');
  await expect(page.locator('[data-stage=decrypt]')).toHaveAttribute('data-state', 'waiting');
  await expect(page.getByText('Stopped. Nothing was made.')).toBeVisible();
  await expect(page.locator('[data-view=result]')).toHaveCount(0);
  await typeShortText(page);
  await make(page);
});

test('stopping while plan and keys are made loses none of them', async ({ page }) => {
  await openStudio(page);
  await setLive(page, false);
  await choose(page, 'Text');
  await typeShortText(page);
  // Other parameters, so other keys; the button twice, before anything of them can be ready.
  await page.evaluate(() => {
    document.querySelector<HTMLInputElement>('input[value=gradient]')!.click();
    const button = document.querySelector<HTMLButtonElement>('form button[type=submit]')!;
    button.click();
    button.click();
  });
  await expect(phase(page)).toHaveAttribute('data-phase', 'stopped');
  await make(page);
});

test('an over-long text says how many bytes fit, where it was typed', async ({ page }) => {
  await openStudio(page);
  await choose(page, 'Text');
  const field = page.getByRole('textbox', { name: 'Text' });
  await field.fill('x'.repeat(3000));
  await startMaking(page);
  const alert = page.getByRole('alert').filter({ hasText: '3000 bytes' });
  await expect(alert).toContainText('2953 at level L, 2331 at level M, 1663 at level Q, 1273 at level H');
  await expect(field).toBeFocused();
  await expect(field).toHaveAccessibleDescription(/3000 bytes/);
  await expect(phase(page)).toHaveAttribute('data-phase', 'idle');
  await field.fill('short enough');
  await expect(alert).toHaveCount(0);
});

test('a form that is not right says so in words when the button is pressed', async ({ page }) => {
  await openStudio(page);
  await choose(page, 'Wi-Fi');
  await startMaking(page);
  await expect(page.getByText('Type the name of the network.')).toBeVisible();
  await expect(page.getByLabel('Network name')).toBeFocused();
  await page.getByLabel('Network name').fill('Cabin');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await startMaking(page);
  await expect(page.getByText('A WPA password has 8 to 63 characters')).toBeVisible();
  await expect(page.getByLabel('Password', { exact: true })).toBeFocused();
});

test('colours that no correction can help are refused, and can be reset', async ({ page }) => {
  await openStudio(page);
  await page.getByLabel('Background colour').fill('#000000');
  const problem = page.getByText('Choose darker colours or a lighter background');
  await expect(problem).toBeVisible();
  await startMaking(page);
  await expect(page.getByLabel('Background colour')).toBeFocused();
  await expect(phase(page)).toHaveAttribute('data-phase', 'idle');
  await page.getByRole('button', { name: 'Reset colours' }).click();
  await expect(problem).toHaveCount(0);
});

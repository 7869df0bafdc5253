// What axe finds against a page, in either theme.

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** Theme, rule and place of every serious or critical finding. Leaves the page dark, and without motion. */
export async function findings(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // A fade that is half done has half its contrast.
    // One that is taken away meanwhile is done as well.
    await page.evaluate(() =>
      Promise.allSettled(document.getAnimations().map((animation) => animation.finished)),
    );
    const { violations, passes } = await new AxeBuilder({ page }).analyze();
    expect(passes.length).toBeGreaterThan(10);
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue;
      for (const { target } of nodes) found.push(`${colorScheme}: ${id}: ${target.join(' ')}`);
    }
  }
  return found;
}

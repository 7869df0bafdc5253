// What every engine must do with the built page, in order: a check for each column of the table.

import { isDeepStrictEqual } from 'node:util';
import { resolve } from 'node:path';
import { askPage, buildPage, inNode, inPage, PAGE, recordRequests } from '../same-bytes/hosts.ts';
import { decode } from '../support/decode.ts';
import { servePlainly, withoutPolicy } from '../support/plain-server.ts';
import { type Engine, until } from './engine.ts';
import { drawn, EnginePage, pasted } from './page.ts';

/** The checks, in the order in which they are done. */
export const CHECKS = [
  ...(['ready', 'first code', 'second code', 'PNG', 'SVG', 'copy', 'live', 'lab'] as const),
  ...(['same bytes', 'trusted types', 'plain host', 'no policy'] as const),
] as const;

/** One of {@link CHECKS}. */
export type Check = (typeof CHECKS)[number];

/** What must have passed before a check: it would only wait in vain. */
export const NEEDS: Record<Check, readonly Check[]> = {
  ready: [],
  'first code': ['ready'],
  'second code': ['ready'],
  PNG: ['second code'],
  SVG: ['second code'],
  copy: ['second code'],
  live: ['second code'],
  lab: [],
  'same bytes': [],
  'trusted types': [],
  'plain host': [],
  'no policy': [],
};

const built = resolve(import.meta.dirname, '../../dist');

const FIRST = 'Sealed in Liquid: 42, (a+b)*c';
const SECOND = 'A second one; in Dots';
/** A request that is answered in the engine and in Node: scripts/determinism.ts has them all. */
const RECORDED = 'liquid-7';
const TYPED = ', typed';

/** The finished picture of the studio. */
const PICTURE = { alt: 'Your styled QR code' };

/** @throws Error unless both decoders read exactly `text` in the PNG file `bytes` */
async function mustRead(bytes: Uint8Array, text: string): Promise<void> {
  for (const [decoder, read] of Object.entries(await decode(bytes))) {
    if (read !== text)
      throw new Error(`${decoder} read ${JSON.stringify(read)} and not ${JSON.stringify(text)}.`);
  }
}

/** Waits until the picture is that of the form and nothing runs. */
async function followed(page: EnginePage): Promise<void> {
  await page.reach(
    'main:has([data-view=result]:not(.stale) img):has([role=status][data-phase=done])',
    'the finished code',
  );
}

/** Makes a code by the button and checks the picture that the page shows. */
async function makeCode(engine: Engine, page: EnginePage, style: string, text: string): Promise<void> {
  await page.choose('Text');
  await page.choose(style);
  await page.fill('Text', text);
  await page.click('button', 'Make it');
  await followed(page);
  for (const decoder of ['zxing', 'zbar']) {
    await page.reach(`[data-decoder=${decoder}][data-read=true]`, `the badge of ${decoder}`);
  }
  await mustRead(await drawn(engine, PICTURE), text);
}

/** The checks by name. `origin` is where the built page is served. */
export const FLOWS: Record<Check, (engine: Engine, origin: string) => Promise<void>> = {
  async ready(engine, origin) {
    await engine.open(origin);
    const page = new EnginePage(engine);
    await page.reach('[data-readiness=ready]', 'the page to be ready');
    // The checks that follow press the button; the live preview has one of its own.
    await page.turn('Live', false);
  },

  'first code': (engine) => makeCode(engine, new EnginePage(engine), 'Liquid', FIRST),

  'second code': (engine) => makeCode(engine, new EnginePage(engine), 'Dots', SECOND),

  async PNG(engine) {
    const { name, bytes } = await engine.download(() => new EnginePage(engine).click('button', 'Save PNG'));
    if (name !== 'sealed-qr-dots.png') throw new Error(`The file is called ${name}.`);
    await mustRead(bytes, SECOND);
  },

  async SVG(engine) {
    const { name, bytes } = await engine.download(() => new EnginePage(engine).click('button', 'Save SVG'));
    if (name !== 'sealed-qr-dots.svg') throw new Error(`The file is called ${name}.`);
    const address = `data:image/svg+xml;base64,${Buffer.from(bytes).toString('base64')}`;
    await mustRead(await drawn(engine, { address }), SECOND);
  },

  async copy(engine) {
    const page = new EnginePage(engine);
    await page.click('button', 'Copy');
    await until('the page to say that it copied', async () => {
      const said = await page.text('main');
      if (said.includes('Save the PNG instead')) throw new Error('The page could not copy.');
      return said.includes('Copied.') ? true : undefined;
    });
    await mustRead(await pasted(engine), SECOND);
  },

  async live(engine) {
    const page = new EnginePage(engine);
    await page.turn('Live', true);
    await page.append('Text', TYPED);
    await followed(page);
    await page.reach('[data-round-trip]', 'the time from key to picture');
    await mustRead(await drawn(engine, PICTURE), `${SECOND}${TYPED}`);
  },

  async lab(engine, origin) {
    await engine.open(`${origin}lab.html`);
    const page = new EnginePage(engine);
    await page.click('button', 'Digits');
    await page.reach('[aria-label="What it will cost"]', 'the plan');
    await page.click('button', 'Run it encrypted');
    await page.reach('[aria-label="What came of it"]', 'the outcome');
    const outcome = await page.text('[aria-label="What came of it"]');
    if (!outcome.includes('Encrypted, simd')) throw new Error(`It was not run encrypted: ${outcome}`);
    if (!outcome.includes('1 of 1')) throw new Error(`Another digit than in the clear: ${outcome}`);
    const error = Number(await page.text('[data-figure=max-error]'));
    if (!(error > 0 && error < 0.05)) throw new Error(`The largest error is ${error}.`);
  },

  async 'same bytes'(engine) {
    await using page = await buildPage('same-bytes');
    const { folder } = page;
    await recordRequests(folder, [RECORDED]);
    const counts = [1, 3];
    await using host = await servePlainly(folder);
    await engine.open(`${host.origin}/${PAGE}`);
    const made = await inPage((question) => engine.evaluate(askPage, question), [RECORDED], counts);
    const expected = await inNode(folder, [RECORDED], counts);
    // WebDriver gives an object's properties in an order of its own.
    if (!isDeepStrictEqual(made, expected))
      throw new Error(`It made ${JSON.stringify(made)}, and Node ${JSON.stringify(expected)}.`);
  },

  async 'trusted types'(engine, origin) {
    await engine.open(origin);
    const said = await engine.evaluate(() => {
      if (!('trustedTypes' in globalThis)) return 'unknown here';
      try {
        document.createElement('p').innerHTML = '<b>bold</b>';
        return 'text became markup';
      } catch (error) {
        return (error as Error).name;
      }
    });
    // The policy asks for them; older engines pass over what they do not know.
    if (said !== 'TypeError' && said !== 'unknown here') throw new Error(`Of text as markup: ${said}.`);
  },

  async 'plain host'(engine) {
    await using host = await servePlainly(built);
    await engine.open(`${host.origin}/`);
    const page = new EnginePage(engine);
    await page.reach('[data-readiness=ready]', 'the page to be ready');
    await page.turn('Live', false);
    await makeCode(engine, page, 'Dots', FIRST);
  },

  async 'no policy'(engine) {
    await using host = await servePlainly(built, { change: withoutPolicy });
    await engine.open(`${host.origin}/`);
    const making = new EnginePage(engine).reach('[data-view=result] img', 'a code, which must not come');
    const said = await making.then(
      () => 'nothing',
      (error: unknown) => String(error),
    );
    if (!said.includes('The worker that makes the keys is not protected'))
      throw new Error(`It made keys without a policy: it said ${said}.`);
  },
};

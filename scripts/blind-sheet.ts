// Our styles beside what other generators draw unasked, unnamed, on one sheet, and as printed: `node scripts/blind-sheet.ts --peers FOLDER`.
// FOLDER is where `npm install qr-code-styling@1.9.2 easyqrcodejs@4.6.2` was run: they are no dependencies.
// Writes docs/gallery/blind.png, with its key on standard output, and --print FILE.pdf: every style 25 and 50 mm wide.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, chromium } from '@playwright/test';
import QRCode from 'qrcode';
import { seededRandom } from '../src/base/seeded-random.ts';
import { encodeQr } from '../src/qr/matrix.ts';
import { encodePng } from '../src/qr/png.ts';
import { STYLES } from '../src/style/styles.ts';
import { browserArguments, browserExecutable } from './browser.ts';
import { drawStyle } from './draw-style.ts';
import { root } from './gates.ts';

const { values } = parseArgs({
  options: { peers: { type: 'string' }, print: { type: 'string' }, seed: { type: 'string', default: '3' } },
});
const TEXT = 'https://sealed.example/letter?from=a&to=b';
const OURS = [
  'ink',
  'watercolour',
  'impasto',
  'block',
  'mosaic',
  'knit',
  'gem',
  'strokes',
  'gradient',
  'liquid',
];
const SIDE = 264;

interface Shown {
  readonly name: string;
  /** A data: address. */
  readonly source: string;
}

const dataOf = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString('base64')}`;

/** What each peer draws with nothing asked but text and size, on a page of its own. */
async function peers(browser: Browser, folder: string): Promise<Shown[]> {
  const script = (path: string): string => readFileSync(resolve(folder, 'node_modules', path), 'utf8');
  const page = await browser.newPage();
  const drawn: Shown[] = [];
  const take = async (name: string, code: string, draw: string): Promise<void> => {
    await page.setContent(`<div id="place" style="width:${SIDE}px;height:${SIDE}px"></div>`);
    await page.addScriptTag({ content: code });
    await page.evaluate(draw);
    // It may draw in steps, or come in by an animation.
    await page.waitForTimeout(4000);
    drawn.push({ name, source: dataOf(await page.locator('#place').screenshot()) });
  };
  const options = JSON.stringify({ width: SIDE, height: SIDE, data: TEXT });
  await take(
    'qr-code-styling 1.9.2',
    script('qr-code-styling/lib/qr-code-styling.js'),
    `new QRCodeStyling(${options}).append(document.getElementById('place'))`,
  );
  await take(
    'easyqrcodejs 4.6.2',
    script('easyqrcodejs/dist/easy.qrcode.min.js'),
    `new QRCode(document.getElementById('place'), ${JSON.stringify({ text: TEXT, width: SIDE, height: SIDE })})`,
  );
  drawn.push({ name: 'qrcode 1.5.4', source: await QRCode.toDataURL(TEXT, { width: SIDE }) });
  await page.close();
  return drawn;
}

const { path, environment } = await browserExecutable();
const browser = await chromium.launch({
  executablePath: path,
  env: environment,
  args: [...browserArguments],
});
try {
  const code = encodeQr(TEXT, { ecc: 'M' });
  const ours = STYLES.filter(({ id }) => OURS.includes(id)).map((style): Shown => {
    return { name: style.name, source: dataOf(encodePng(drawStyle(style, code, 8))) };
  });
  const page = await browser.newPage({ viewport: { width: 5 * (SIDE + 24) + 24, height: 900 } });
  if (values.peers !== undefined) {
    const random = seededRandom(Number(values.seed));
    const all = [...ours, ...(await peers(browser, values.peers))];
    const shuffled = all.map((shown) => ({ shown, at: random() })).sort((a, b) => a.at - b.at);
    const figures = shuffled.map(
      ({ shown }, i) =>
        `<figure><img src="${shown.source}" width="${SIDE}" height="${SIDE}"><figcaption>${i + 1}</figcaption></figure>`,
    );
    await page.setContent(
      `<style>body{margin:12px;display:flex;flex-wrap:wrap;font:16px sans-serif;background:#fff}
       figure{margin:12px;text-align:center}</style>${figures.join('')}`,
    );
    await page.screenshot({ path: resolve(root, 'docs/gallery/blind.png'), fullPage: true });
    console.log(shuffled.map(({ shown }, i) => `${i + 1} ${shown.name}`).join('\n'));
  }
  if (values.print !== undefined) {
    const both = [25, 50].flatMap((mm) =>
      ours.map(({ source }) => `<img src="${source}" style="width:${mm}mm;margin:3mm">`),
    );
    await page.setContent(`<style>body{margin:0;line-height:0}</style>${both.join('')}`);
    writeFileSync(values.print, await page.pdf({ format: 'A4', printBackground: true }));
  }
} finally {
  await browser.close();
}

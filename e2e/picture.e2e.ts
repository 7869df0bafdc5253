// A style out of a picture of one's own: dropped in, cut, chosen among five tiles; and nothing of it reaches the service.

import { expect, type Page, test } from '@playwright/test';
import { encode } from 'jpeg-js';
import { decode } from './support/decode.ts';
import { recordMessages, recordRequests, takeRecorded } from './support/key-watch.ts';
import type { Recorded } from './support/recording.ts';
import { download, make, openStudio, setLive } from './support/studio.ts';

const [WIDTH, HEIGHT] = [240, 160];

/** A picture whose rows of pixels occur nowhere else: dark waves on a sky. RGBA. */
function picture(): Uint8Array {
  const data = new Uint8Array(4 * WIDTH * HEIGHT);
  for (let i = 0; i < WIDTH * HEIGHT; i += 1) {
    const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
    const isWave = y > 80 + 20 * Math.sin(x / 17);
    const grain = ((x * 7919 + y * 104729) % 31) - 15;
    const colour = isWave ? [28, 70 + y / 4, 120] : [235, 215 - y / 2, 170];
    data.set([...colour.map((value) => value + grain), 255], 4 * i);
  }
  return data;
}

async function takePicture(page: Page): Promise<void> {
  const { data } = encode({ width: WIDTH, height: HEIGHT, data: picture() }, 90);
  const file = { name: 'wave.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(data) };
  await page.getByLabel('Picture for a style of your own').setInputFiles(file);
  await expect(page.locator('[data-tiles=drawn] canvas')).toHaveCount(5);
}

/** The pixels that the page has of the picture, RGB: as its own decoder has read them. */
async function pixelsRead(page: Page): Promise<Uint8Array> {
  const numbers = await page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('.frame canvas')!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return [...data].filter((_, at) => at % 4 < 3);
  });
  return Uint8Array.from(numbers);
}

/** Where eight pixels of the picture, side by side, are found in what was recorded. */
function sightings(recorded: readonly Recorded[], pixels: Uint8Array): string[] {
  const WINDOW = 24;
  const windows: Buffer[] = [];
  for (let at = 0; at + WINDOW <= pixels.length; at += 997) {
    windows.push(Buffer.from(pixels.subarray(at, at + WINDOW)));
  }
  return recorded.flatMap(({ place, value }) => {
    if (!(value instanceof Uint8Array)) return [];
    const bytes = Buffer.from(value);
    return windows.some((window) => bytes.includes(window)) ? [place] : [];
  });
}

test('a picture becomes a code that reads, and nothing of it goes to the service', async ({ page }) => {
  await recordMessages(page);
  const requests = recordRequests(page);
  await openStudio(page);
  await setLive(page, false);
  requests.length = 0;
  await takePicture(page);
  const pixels = await pixelsRead(page);
  for (const kind of ['Poster', 'Materials 1']) {
    await page.getByRole('radio', { name: kind }).check({ force: true });
    await make(page);
    const saved = await download(page, 'PNG');
    expect(saved.name).toBe('sealed-qr-picture.png');
    const text = 'https://example.org/letter';
    expect(await decode(saved.bytes)).toEqual({ zxing: text, zbar: text });
  }
  const recorded = await takeRecorded(page);
  const sent = recorded.filter(({ place }) => place.startsWith('message'));
  expect(sent.some(({ value }) => value instanceof Uint8Array && value.length > 100_000)).toBe(true);
  expect(sightings(recorded, pixels)).toEqual([]);
  // Object URLs name memory of this page and go nowhere.
  const isRequest = ({ path, value }: Recorded): boolean =>
    path === 'body' || (path === 'address' && !String(value).startsWith('blob:'));
  expect(requests.filter(isRequest)).toEqual([]);
  // The same search finds the picture where it is.
  const control: Recorded = { place: 'here', path: '', value: Uint8Array.from([7, ...pixels, 7]) };
  expect(sightings([control], pixels)).toEqual(['here']);
});

test('the square is moved by keys and by the pointer, and the tiles follow', async ({ page }) => {
  await openStudio(page);
  await setLive(page, false);
  await takePicture(page);
  const square = page.getByRole('slider', { name: 'Part of the picture' });
  await expect(square).toHaveAttribute('aria-valuetext', /^50 % from the left/);
  await square.focus();
  await page.keyboard.press('ArrowRight');
  await expect(square).toHaveAttribute('aria-valuetext', /^70 % from the left/);
  await page.keyboard.press('-');
  await expect(square).toHaveAttribute('aria-valuetext', /90 % of/);
  const box = (await square.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x - box.width, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  await expect(square).toHaveAttribute('aria-valuetext', /^0 % from the left/);
  await expect(page.locator('[data-tiles=drawing]')).toHaveCount(1);
  await expect(page.locator('[data-tiles=drawn]')).toHaveCount(1);
});

test('what is no picture is said so, and the style stays', async ({ page }) => {
  await openStudio(page);
  const file = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') };
  await page.getByLabel('Picture for a style of your own').setInputFiles(file);
  await expect(page.getByText('choose a JPEG, PNG or WebP file')).toBeVisible();
  await expect(page.getByRole('radio', { name: 'Liquid' })).toBeChecked();
});

// The whole way, on threads: colours that scanners could not read are corrected or refused, and nothing unreadable gets out.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadModel } from '../../../workers/platform/node-local-service.ts';
import { nodeWorkers } from '../../../workers/platform/node.ts';
import { FakeWorker } from '../../../fixtures/fake-worker.ts';
import { loadTestScanners } from '../../../fixtures/scanners.ts';
import { asSealedError } from '../../base/errors.ts';
import { luma } from '../../base/luma.ts';
import { lumaBounds } from '../../base/luma-bounds.ts';
import { decodePng, encodePng } from '../../qr/png.ts';
import { emptyRaster, type Raster, type Rgb } from '../../base/raster.ts';
import { DECODERS, type Scanners } from '../../qr/scan.ts';
import { fromHex, type StyleColours } from '../../style/colours.ts';
import { directed, styleById, STYLES } from '../../style/styles.ts';
import { pictureFields } from '../../style/picture/fields.ts';
import { pictureStyle } from '../../style/picture/picture-style.ts';
import { openPicture } from './picture-source.ts';
import { type StyledCode, styleCode, type StyleRequest } from './pipeline.ts';
import type { SessionWorkers } from '../session/workers.ts';
import { StyleSession } from './style-session.ts';

const TEXT = 'https://example.org/colours';

let session: StyleSession;
let scanners: Scanners;
beforeAll(async () => {
  session = sessionOver(nodeWorkers(1));
  // Decoders of this test's own: what it is told by the pipeline is what it tests.
  scanners = await loadTestScanners();
});
afterAll(() => {
  session.close();
  scanners.dispose();
});

function sessionOver(workers: SessionWorkers): StyleSession {
  return new StyleSession(workers, loadModel);
}

function requestFor(parts: Partial<StyleRequest>): StyleRequest {
  const style = parts.style ?? STYLES[0];
  return {
    text: TEXT,
    ecc: 'M',
    style,
    colours: style.defaultColours,
    pixelsPerModule: 8,
    backend: 'clear',
    ...parts,
  };
}

/** Which decoders return another text, or none, from the file that a person would save. */
async function unreadBy({ raster }: StyledCode): Promise<string[]> {
  const file = decodePng(encodePng(raster));
  const texts = await Promise.all(DECODERS.map((decoder) => scanners[decoder](file)));
  return DECODERS.filter((_, index) => texts[index] !== TEXT);
}

const colours = (start: string, end: string, background: string): StyleColours => ({
  start: fromHex(start),
  end: fromHex(end),
  background: fromHex(background),
});

describe('the colours of the study', () => {
  const study = colours('#158906', '#f76909', '#ffffff');

  for (const [style, backend] of STYLES.flatMap((each) =>
    (['clear', 'simd'] as const).map((backend) => [each, backend] as const),
  )) {
    // What is corrected is the reference's picture with either: one style on plaintext stands for all.
    const tags = backend === 'simd' || style.id === 'gradient' ? [] : ['long'];
    const name = `are corrected in ${style.id} on ${backend}, by the gentlest correction, which is reported`;
    it(name, { tags }, async () => {
      const styled = await styleCode(session, requestFor({ style, colours: study, backend }));
      expect(await unreadBy(styled)).toEqual([]);
      const { report } = styled;
      expect(report.backend).toBe(backend);
      expect(report.correction.strength).toBe(0);
      expect(report.colours.asked).toEqual(study);
      const { start, end, background } = report.colours.made;
      if (report.correction.untouched) {
        expect(report.colours.made).toEqual(study);
        expect(report.correction.changedPixels).toBe(0);
        return;
      }
      expect([start, background]).toEqual([study.start, study.background]);
      expect(luma(...study.end)).toBeGreaterThan(136);
      expect(Math.abs(luma(...end) - lumaBounds(0).dark)).toBeLessThan(0.6);
    });
  }

  it('run the way that was asked for', async () => {
    const corners = async (direction: 'horizontal' | 'vertical'): Promise<Rgb[]> => {
      const style = directed(styleById('gradient'), direction);
      const { raster, report } = await styleCode(session, requestFor({ style, colours: study }));
      expect(report.direction).toBe(direction);
      // The rings of three eyes are dark in their outer middles; the quiet zone is 36 pixels wide.
      const [near, far] = [36 + 28, raster.width - 37 - 28];
      const [left, right] = [36 + 3, raster.width - 37 - 3];
      return [pixelAt(raster, left, near), pixelAt(raster, right, near), pixelAt(raster, left, far)];
    };
    const [topLeft, topRight, bottomLeft] = await corners('horizontal');
    expect(bottomLeft).toEqual(topLeft);
    expect(topRight).not.toEqual(topLeft);
    const [top, alsoTop, bottom] = await corners('vertical');
    expect(alsoTop).toEqual(top);
    expect(bottom).not.toEqual(top);
  });
});

function pixelAt({ width, data }: StyledCode['raster'], x: number, y: number): Rgb {
  const at = 3 * (y * width + x);
  return [data[at], data[at + 1], data[at + 2]];
}

describe('a style out of a picture', () => {
  /** A striped picture whose colours depend on `hue`. */
  const raster = (hue: number): Raster => {
    const made = emptyRaster(160, 130);
    for (let i = 0; i < 160 * 130; i += 1) {
      const [x, y] = [i % 160, Math.floor(i / 160)];
      made.data.set([(x + hue) % 256, (2 * y + hue) % 256, (x * y) % 200], 3 * i);
    }
    return made;
  };

  it('is mixed here: the service is told the same for every picture, and answers the same', async () => {
    const seen: unknown[] = [];
    const card = session.card.bind(session);
    const spy = vi.spyOn(session, 'card').mockImplementation((model, options, controls) => {
      seen.push([model, options]);
      return card(model, options, controls);
    });
    const rasters = [];
    for (const [hue, kind] of [
      [0, 'picture'],
      [90, 'poster'],
    ] as const) {
      const source = openPicture(raster(hue))();
      const style = pictureStyle({ kind, step: 1, seed: 1 }, (request) =>
        Promise.resolve(pictureFields(source, request)),
      );
      const styled = await styleCode(session, requestFor({ style, backend: 'clear' }));
      expect(await unreadBy(styled)).toEqual([]);
      expect(styled.report.style).toBe('picture');
      expect(styled.report.precision!.maxAbsError).toBeLessThan(0.004);
      rasters.push(styled.raster);
    }
    spy.mockRestore();
    expect(seen[0]).toEqual(seen[1]);
    expect(JSON.stringify(seen[0])).toContain('"edges"');
    // The poster has five modules of the picture round its quiet zone.
    expect(rasters[1].width - rasters[0].width).toBe(2 * 5 * 8);
  });

  it('refuses a picture of a few pixels', () => {
    expect(() => openPicture(emptyRaster(20, 400))).toThrow('needs 48 pixels');
  });
});

describe('any colours', () => {
  // Of all 144 pairs every ninth, and every third with the long tests.
  for (const [every, tags] of [
    [9, []],
    [3, ['long']],
  ] as const) {
    it(
      `give a code that both decoders read, or an error that says what to change: one in ${every}`,
      { tags: [...tags] },
      async () => {
        const foregrounds = ['#101040', '#158906', '#f76909', '#808080', '#ffe000', '#ffffff'];
        const backgrounds = ['#ffffff', '#ffd9a0', '#909090', '#202020'];
        const cases = backgrounds
          .flatMap((background) =>
            foregrounds.flatMap((start) => foregrounds.map((end) => ({ start, end, background }))),
          )
          .filter((_, index) => index % every === 0);
        let made = 0;
        for (const [index, { start, end, background }] of cases.entries()) {
          const style = STYLES[index % STYLES.length];
          const name = `${style.id}: ${start}, ${end} on ${background}`;
          const request = requestFor({ style, colours: colours(start, end, background) });
          try {
            const styled = await styleCode(session, request);
            made += 1;
            expect(await unreadBy(styled), name).toEqual([]);
            const { asked } = styled.report.colours;
            for (const dark of [asked.start, asked.end]) {
              expect(luma(...dark), name).toBeLessThan(luma(...asked.background));
            }
          } catch (thrown) {
            const error = asSealedError(thrown);
            expect(error, `${name}: ${error.message}`).toMatchObject({ code: 'not-scannable' });
            expect(error.message, name).toMatch(/[Cc]hoose (a )?(darker|lighter)/);
          }
        }
        expect(made).toBeGreaterThan(cases.length / 3);
        expect(made).toBeLessThan(cases.length);
      },
    );
  }

  it('give an error with advice, and no picture, when no correction reads', async () => {
    const scan = { zxing: true, zbar: false };
    const failing = new FakeWorker('scan', { prove: () => ({ proven: false, strength: 1, scan }) });
    const blind = sessionOver({ ...nodeWorkers(1), scan: () => failing.handle() });
    try {
      const refused = styleCode(blind, requestFor({ style: styleById('gradient') }));
      await expect(refused).rejects.toMatchObject({ code: 'not-scannable', stage: 'scan', detail: scan });
      await expect(refused).rejects.toThrow(/readable for zbar\. Choose darker foreground or lighter/);
    } finally {
      blind.close();
    }
  });
});

// `sealed-qr style new` and `style board`: from a drawing, a module or a board painted over, to a style that is checked and has its card.
import { planFigures, readsAsDrawn } from '../bench/style-figures.ts';
import { OTHER_DECODERS } from '../bench/other-decoders.ts';
import { seededRandom } from '../src/base/seeded-random.ts';
import { loadScanners } from '../src/qr/scan.ts';
import { encodePng } from '../src/qr/png.ts';
import { drawBoard } from '../src/style/board.ts';
import { scannerFiles } from '../workers/platform/node-client.ts';
import { choice, parseArguments, wholeNumber } from './arguments.ts';
import { styleOfDrawing } from './drawing.ts';
import { checkOutputs, writeOutput } from './files.ts';
import { UsageError } from './usage.ts';

const VERSIONS = [1, 2, 4, 6, 8, 10];

/** Runs the command. @throws UsageError, SealedError */
export async function runStyleNew(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArguments(args, {
    codes: { type: 'string', default: '60' },
    card: { type: 'string' },
    force: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0)
    throw new UsageError('style new takes one drawing: a .ts or .js module, or a board (PNG or JPEG).');
  const codes = wholeNumber('codes', values.codes, 1, 10_000);
  const cardFile = values.card === undefined ? undefined : { name: '--card', path: values.card };
  const drawing = { name: 'the drawing', path };
  if (cardFile) await checkOutputs([cardFile], [drawing], { replace: values.force });
  const started = performance.now();
  const { style, network, features, error, unexplained } = await styleOfDrawing(path);
  const fittedMs = performance.now() - started;
  const figures = planFigures(style, network);
  const scanners = await loadScanners(scannerFiles());
  const perVersion = Math.ceil(codes / VERSIONS.length);
  const random = seededRandom(5);
  const rate = await readsAsDrawn(style, network, VERSIONS, perVersion, random, scanners, OTHER_DECODERS);
  scanners.dispose();
  const seconds = { fit: fittedMs / 1000, all: (performance.now() - started) / 1000 };
  const measured = { drawing: path, features, drawingError: error };
  const card = {
    ...measured,
    ...(unexplained !== undefined && { unexplained }),
    ...figures,
    reads: rate,
    seconds,
  };
  if (cardFile) await writeOutput(cardFile, new TextEncoder().encode(`${JSON.stringify(card, null, 2)}\n`));
  if (values.json) {
    process.stdout.write(`${JSON.stringify(card)}\n`);
    return;
  }
  const reads = Object.entries(rate.read).map(([name, count]) => `${name} ${count}`);
  const left = unexplained === undefined ? '' : `, ${unexplained.toFixed(3)} of the board left out as grain`;
  process.stdout.write(
    `features ${features}, mean error ${error.toExponential(1)}${left}, ${figures.levels} levels, ` +
      `read as drawn of ${rate.codes}: ${reads.join(', ')}; fitted in ${seconds.fit.toFixed(1)} s\n`,
  );
}

/** Writes the board of all neighbourhoods. @throws UsageError, FileError */
export async function runStyleBoard(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArguments(args, {
    out: { type: 'string' },
    pixels: { type: 'string', default: '16' },
    force: { type: 'boolean', default: false },
  });
  if (positionals.length > 0) throw new UsageError('style board takes no text.');
  if (values.out === undefined) throw new UsageError('--out FILE.png is missing.');
  const out = { name: '--out', path: values.out };
  await checkOutputs([out], [], { replace: values.force });
  await writeOutput(out, encodePng(drawBoard(choice('pixels', values.pixels, [16, 8] as const))));
}

// `sealed-qr style`: the pipeline of the page, headless.
import { type StyledCode, styleCode, type StyleRequest } from '../src/app/style/pipeline.ts';
import { BACKENDS } from '../src/app/session/backends.ts';
import { StyleSession } from '../src/app/style/style-session.ts';
import { ERROR_CORRECTION_LEVELS } from '../src/qr/capacity.ts';
import { decodePng, encodePng } from '../src/qr/png.ts';
import { pictureSource } from '../src/app/style/picture-source.ts';
import { PICTURE_KINDS } from '../src/style/picture/fields.ts';
import { pictureStyle } from '../src/style/picture/picture-style.ts';
import type { Rgb } from '../src/base/raster.ts';
import { encodeSvg } from '../src/qr/svg.ts';
import { directed, type Style, styleById, STYLES } from '../src/style/styles.ts';
import { choice, parseArguments, workerCount } from './arguments.ts';
import { checkOutputs, type NamedFile, parsed, readBytes, writeOutput } from './files.ts';
import { loadModel, modelPath } from './load-model.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
import { reportTable } from './table.ts';
import { UsageError } from './usage.ts';

const OPTIONS = {
  style: { type: 'string', default: 'liquid' },
  out: { type: 'string' },
  svg: { type: 'string' },
  ecc: { type: 'string', default: 'M' },
  colours: { type: 'string' },
  direction: { type: 'string' },
  picture: { type: 'string' },
  kind: { type: 'string' },
  pixels: { type: 'string', default: '8' },
  backend: { type: 'string', default: 'simd' },
  workers: { type: 'string' },
  warm: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

interface StyleArguments {
  readonly request: StyleRequest;
  readonly png: NamedFile;
  readonly svg: NamedFile | undefined;
  readonly picture: NamedFile | undefined;
  readonly workers: number;
  readonly warm: boolean;
  readonly json: boolean;
}

function parseColours(text: string, style: Style): StyleRequest['colours'] {
  const parts = text
    .split(',')
    .map((part) => /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(part.trim()));
  if (parts.length !== 3 || parts.some((part) => !part)) {
    throw new UsageError(`--colours needs three colours as #rrggbb,#rrggbb,#rrggbb for ${style.id}.`);
  }
  const [start, end, background] = parts.map(
    (part) => part!.slice(1).map((hex) => parseInt(hex, 16)) as unknown as Rgb,
  );
  return { start: start, end: end, background: background };
}

function withDirection(style: Style, direction: string | undefined): Style {
  if (direction === undefined) return style;
  if (style.directions.length === 0) {
    const having = STYLES.filter(({ directions }) => directions.length > 0).map(({ id }) => id);
    throw new UsageError(`--direction is for ${having.join(', ')}; ${style.id} has none.`);
  }
  return directed(style, choice('direction', direction, style.directions));
}

/** The style out of the picture at `path`. @throws FileError, UsageError */
async function styleOfPicture(path: string, kind = 'poster'): Promise<Style> {
  const chosen = choice('kind', kind, PICTURE_KINDS);
  const bytes = await readBytes('The picture', path);
  const raster = parsed(path, () => decodePng(bytes));
  return pictureStyle({ source: pictureSource(raster), kind: chosen, step: 0, seed: 1 });
}

async function parse(args: readonly string[]): Promise<StyleArguments> {
  const { values, positionals } = parseArguments(args, OPTIONS);
  const [text, ...more] = positionals;
  if (text === undefined) throw new UsageError('The text to encode is missing.');
  if (more.length > 0) throw new UsageError('Give one text; put it in quotes if it has spaces.');
  if (values.out === undefined) throw new UsageError('--out FILE.png is missing.');
  const ids = STYLES.map(({ id }) => id);
  if (values.kind !== undefined && values.picture === undefined) {
    throw new UsageError('--kind says what to make of a picture: --picture FILE.png is missing.');
  }
  const chosen =
    values.picture === undefined
      ? styleById(choice('style', values.style, ids))
      : await styleOfPicture(values.picture, values.kind);
  const style = withDirection(chosen, values.direction);
  const workers = workerCount(values.workers);
  const request: StyleRequest = {
    text,
    style,
    ecc: choice('ecc', values.ecc, ERROR_CORRECTION_LEVELS),
    colours: values.colours === undefined ? style.defaultColours : parseColours(values.colours, style),
    pixelsPerModule: choice('pixels', values.pixels, [8, 4] as const),
    backend: choice('backend', values.backend, BACKENDS),
    measurePrecision: true,
  };
  const png = { name: '--out', path: values.out };
  const svg = values.svg === undefined ? undefined : { name: '--svg', path: values.svg };
  const picture = values.picture === undefined ? undefined : { name: '--picture', path: values.picture };
  return { request, png, svg, picture, workers, warm: values.warm, json: values.json };
}

/** Runs the command. @throws UsageError, SealedError */
export async function runStyle(args: readonly string[]): Promise<void> {
  const [first, second] = args;
  if (first === 'new' && second !== undefined && !second.startsWith('-')) {
    await (await import('./style-new-command.ts')).runStyleNew(args.slice(1));
    return;
  }
  const { request, png, svg, picture, workers, warm, json } = await parse(args);
  const model = { name: 'the network of this style', path: modelPath(request.style.model) };
  await checkOutputs(svg ? [png, svg] : [png], picture ? [model, picture] : [model]);
  const session = new StyleSession(nodeWorkers(workers), loadModel);
  try {
    if (warm) await styleCode(session, request);
    const styled = await styleCode(session, request);
    const files = await writeFiles(styled, png, svg);
    const memoryBytes = await session.serverMemoryBytes();
    process.stdout.write(
      json
        ? `${JSON.stringify({ ...styled.report, memoryBytes, files })}\n`
        : reportTable(styled.report, files),
    );
  } finally {
    session.close();
  }
}

async function writeFiles(
  { raster, code }: StyledCode,
  png: NamedFile,
  svg: NamedFile | undefined,
): Promise<string[]> {
  await writeOutput(png, encodePng(raster));
  if (svg === undefined) return [png.path];
  await writeOutput(svg, encodeSvg(raster, `QR code, version ${code.version}`));
  return [png.path, svg.path];
}

// `sealed-qr style`: the pipeline of the page, headless.
import { type StyledCode, styleCode, type StyleRequest } from '../src/app/style/pipeline.ts';
import { BACKENDS } from '../src/app/session/backends.ts';
import { StyleSession } from '../src/app/style/style-session.ts';
import { ERROR_CORRECTION_LEVELS } from '../src/qr/capacity.ts';
import { PREFERENCES } from '../src/plan/preference.ts';
import { encodePng } from '../src/qr/png.ts';
import { decodePicture } from '../src/app/style/picture-file.ts';
import { openPicture } from '../src/app/style/picture-source.ts';
import { pictureFields } from '../src/style/picture/fields.ts';
import { PICTURE_KINDS } from '../src/style/picture/choice.ts';
import { pictureStyle } from '../src/style/picture/picture-style.ts';
import type { Rgb } from '../src/base/raster.ts';
import { encodeSvg } from '../src/qr/svg.ts';
import { directed, type Style, styleById, STYLES } from '../src/style/styles.ts';
import { choice, parseArguments, workerCount } from './arguments.ts';
import {
  checkOutputs,
  FileError,
  type NamedFile,
  parsed,
  readBytes,
  readStandardInput,
  readText,
  writeOutput,
} from './files.ts';
import { loadModel, modelPath } from '../workers/platform/node-local-service.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
import { reportTable } from './table.ts';
import { UsageError } from './usage.ts';

const OPTIONS = {
  'text-file': { type: 'string' },
  style: { type: 'string', default: 'liquid' },
  out: { type: 'string' },
  svg: { type: 'string' },
  ecc: { type: 'string', default: 'M' },
  colours: { type: 'string' },
  direction: { type: 'string' },
  drawing: { type: 'string' },
  picture: { type: 'string' },
  kind: { type: 'string' },
  pixels: { type: 'string', default: '8' },
  backend: { type: 'string', default: 'simd' },
  prefer: { type: 'string' },
  workers: { type: 'string' },
  'no-snap': { type: 'boolean', default: false },
  warm: { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** Where the text is: on the command line, in a file, or on standard input. */
type TextSource = { readonly text: string } | { readonly file: string } | 'standard input';

interface StyleArguments {
  readonly source: TextSource;
  /** All but the text, which is read when everything else is right. */
  readonly request: Omit<StyleRequest, 'text'>;
  readonly png: NamedFile;
  readonly svg: NamedFile | undefined;
  /** The picture or the drawing that its style is out of. */
  readonly styleFile: NamedFile | undefined;
  readonly workers: number;
  readonly warm: boolean;
  /** Whether files that are there may be replaced. */
  readonly force: boolean;
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
  const source = parsed(path, () => openPicture(decodePicture(bytes)))();
  return pictureStyle({ kind: chosen, step: 0, seed: 1 }, (request) =>
    Promise.resolve(pictureFields(source, request)),
  );
}

/** @throws UsageError unless exactly one text is named */
function textSource(positionals: readonly string[], file: string | undefined): TextSource {
  const [text, ...more] = positionals;
  if (more.length > 0) throw new UsageError('Give one text; put it in quotes if it has spaces.');
  if (file !== undefined && text !== undefined) throw new UsageError('Give a text or --text-file, not both.');
  const named = file ?? text;
  if (named === undefined) throw new UsageError('The text to encode is missing.');
  if (named === '-') return 'standard input';
  if (file !== undefined) return { file };
  // What is no UTF-8 on the command line has become U+FFFD before any program could see it.
  if (/\ufffd/.test(named) || !named.isWellFormed())
    throw new UsageError('The text is not UTF-8, or holds U+FFFD: give it with --text-file FILE, or - .');
  return { text: named };
}

/** The text to encode. The line break that ends a file is none of it. @throws FileError */
async function readSource(source: TextSource): Promise<string> {
  if (source !== 'standard input' && 'text' in source) return source.text;
  const read =
    source === 'standard input' ? await readStandardInput() : await readText('The text', source.file);
  const text = read.replace(/\r?\n$/, '');
  if (text === '') throw new FileError('The text is empty.');
  return text;
}

async function parse(args: readonly string[]): Promise<StyleArguments> {
  const { values, positionals } = parseArguments(args, OPTIONS);
  const source = textSource(positionals, values['text-file']);
  if (values.out === undefined) throw new UsageError('--out FILE.png is missing.');
  const ids = STYLES.map(({ id }) => id);
  if (values.kind !== undefined && values.picture === undefined) {
    throw new UsageError('--kind says what to make of a picture: --picture FILE.png is missing.');
  }
  if (values.drawing !== undefined && values.picture !== undefined) {
    throw new UsageError('A style is out of a --picture or a --drawing, not both.');
  }
  const chosen =
    values.drawing !== undefined
      ? (await (await import('./drawing.ts')).styleOfDrawing(values.drawing)).style
      : values.picture !== undefined
        ? await styleOfPicture(values.picture, values.kind)
        : styleById(choice('style', values.style, ids));
  const style = withDirection(chosen, values.direction);
  const workers = workerCount(values.workers);
  const request = {
    style,
    ecc: choice('ecc', values.ecc, ERROR_CORRECTION_LEVELS),
    colours: values.colours === undefined ? style.defaultColours : parseColours(values.colours, style),
    pixelsPerModule: choice('pixels', values.pixels, [16, 8, 4] as const),
    backend: choice('backend', values.backend, BACKENDS),
    snap: values['no-snap'] ? false : undefined,
    prefer: values.prefer === undefined ? undefined : choice('prefer', values.prefer, PREFERENCES),
  };
  const png = { name: '--out', path: values.out };
  const svg = values.svg === undefined ? undefined : { name: '--svg', path: values.svg };
  const [styleFile] = [
    { name: '--drawing', path: values.drawing },
    { name: '--picture', path: values.picture },
  ].filter((file): file is NamedFile => file.path !== undefined);
  const { warm, force, json } = values;
  return { source, request, png, svg, styleFile, workers, warm, force, json };
}

/** Runs the command. @throws UsageError, SealedError */
export async function runStyle(args: readonly string[]): Promise<void> {
  const [first, second] = args;
  if (first === 'new' && second !== undefined && !second.startsWith('-')) {
    await (await import('./style-new-command.ts')).runStyleNew(args.slice(1));
    return;
  }
  if (first === 'board' && second?.startsWith('-') === true && !args.includes('--style')) {
    await (await import('./style-new-command.ts')).runStyleBoard(args.slice(1));
    return;
  }
  const { source, request: styled, png, svg, styleFile, workers, warm, force, json } = await parse(args);
  const inputs = [{ name: 'the network of this style', path: modelPath(styled.style.model) }];
  if (styleFile) inputs.push(styleFile);
  if (typeof source === 'object' && 'file' in source) inputs.push({ name: '--text-file', path: source.file });
  await checkOutputs(svg ? [png, svg] : [png], inputs, { replace: force });
  const request: StyleRequest = { ...styled, text: await readSource(source) };
  const session = new StyleSession(nodeWorkers(workers), loadModel);
  try {
    if (warm) await styleCode(session, request);
    const done = await styleCode(session, request);
    const files = await writeFiles(done, png, svg);
    const memoryBytes = await session.serverMemoryBytes();
    process.stdout.write(
      json ? `${JSON.stringify({ ...done.report, memoryBytes, files })}\n` : reportTable(done.report, files),
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

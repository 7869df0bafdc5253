// The way through the house: text → QR → encrypted style → corrected, proven picture. Read this file first.
import { defined } from '../../base/assert.ts';
import { SealedError } from '../../base/errors.ts';
import type { Raster } from '../../base/raster.ts';
import { checkParameters } from '../../params/parameters.ts';
import { type Picture, toRgb } from '../../plan/finish.ts';
import { type ErrorCorrectionLevel, encodeQr, type QrCode } from '../../qr/matrix.ts';
import type { Proof } from '../../qr/prove.ts';
import { checkColours, correctedColours, type StyleColours } from '../../style/colours.ts';
import { withoutFinders } from '../../style/drawing/eyes.ts';
import type { PixelsPerModule } from '../../style/graph.ts';
import { MARGIN } from '../../style/recipe.ts';
import { directionOf, placeOf, type Style } from '../../style/styles.ts';
import { styleGround } from '../../style/tables.ts';
import type { BackendName } from '../session/backends.ts';
import { runSealed, runSimulated } from '../session/run.ts';
import { type RunControls, Stages } from '../session/stages.ts';
import { mixedPicture } from './mixed-picture.ts';
import type { StyleReport } from './report.ts';
import { styleOptions } from './style-options.ts';
import type { StyleSession } from './style-session.ts';

// The quiet zone is four modules wide, and half a block more.
const GROUND_MODULES = 5;

/** What to style, and how. */
export interface StyleRequest {
  readonly text: string;
  readonly ecc: ErrorCorrectionLevel;
  readonly style: Style;
  readonly colours: StyleColours;
  /** 8; 4 for an answer a quarter the size, 16 for one four times as large and as sharp in print. */
  readonly pixelsPerModule: PixelsPerModule;
  readonly backend: BackendName;
  /**
   * Whether what is handed out is drawn from the float network's values, to which the decrypted ones were held, and not from
   * the decrypted ones themselves: true unless given. Then the file tells nothing of keys, noise or service.
   */
  readonly snap?: boolean | undefined;
}

/** The proven picture, quiet zone included, and the report. */
export interface StyledCode {
  readonly code: QrCode;
  readonly raster: Raster;
  readonly report: StyleReport;
}

/**
 * Styles a QR code on a server role that is sent the code encrypted, never in the clear.
 * @throws SealedError `not-scannable` when no correction makes both decoders read the exact text; whatever a stage throws
 */
export async function styleCode(
  session: StyleSession,
  request: StyleRequest,
  controls: RunControls = {},
): Promise<StyledCode> {
  const { text, ecc, style: look, pixelsPerModule, backend, snap = true } = request;
  // What the service draws: of a picture's style the edges alone, whose colours are mixed in here.
  const style = look.served ?? look;
  const stages = new Stages(controls);
  const { signal } = stages;
  const started = performance.now();

  const asked = checkColours(request.colours, look.field);
  const colours = style === look ? asked : style.defaultColours;
  const code = await stages.run('encode-qr', () => encodeQr(text, { ecc }));
  const card = await stages.run('plan', () =>
    session.card(style.id, styleOptions({ ...request, style, colours }, code.modules), { signal }),
  );
  // What a picture's style needs is made meanwhile; that it cannot be made is told when it is needed.
  look.prepare?.(code.modules).catch(() => undefined);
  // A style draws the eyes by the place: the code's own finder patterns stay here.
  const values = withoutFinders(code.dark, code.modules);
  const expected = await session.expected({ style, colours, pixelsPerModule, backend }, code.modules, values);
  const run = backend === 'clear' ? runSimulated : runSealed;
  const {
    picture: drawn,
    bytes,
    timings,
    keys,
  } = await run(session, { card, inputs: [values], expected }, stages);
  const decrypted = defined(drawn, 'a style ends in a picture');
  const picture =
    expected && snap ? await stages.run('snap', () => drawnFrom(decrypted, expected.reference)) : decrypted;
  const proveAs = async (candidate: Style): Promise<Proof> => {
    await candidate.prepare?.(code.modules);
    const { frame = 0, recipe } = candidate;
    const around = GROUND_MODULES + frame;
    const place = placeOf(candidate, code.modules, asked, pixelsPerModule);
    const ground = { ...styleGround(recipe, place, around), around };
    const shown = (drawing: Raster): Raster =>
      style === look ? drawing : mixedPicture(drawing, ground, code.modules, pixelsPerModule);
    const pictures = { picture: shown(picture), decrypted: shown(decrypted) };
    const drawing = { ...pictures, code, pixelsPerModule, margin: MARGIN, frame, ground };
    return session.prove({ ...drawing, text }, { signal });
  };
  const proof = await stages.run('correct', async () => {
    let best = await proveAs(look);
    for (const candidate of look.fallbacks ?? []) {
      if (best.untouched) break;
      const next = await proveAs(candidate);
      if (next.untouched || !best.proven) best = next;
    }
    return best;
  });
  requireProven(proof);

  const { polyModulusDegree, coeffModulusBits, logQP, securityBits } = checkParameters(card.card.parameters);
  const { roundMs: _, ...stageTimings } = timings;
  const { untouched, strength, changedPixels, meanDeltaE, readBefore, scan, correctMs, verifyMs } = proof;
  const direction = directionOf(look);
  const totalMs = performance.now() - started;
  const report: StyleReport = {
    payload: { bytes: code.payloadBytes, version: code.version, ecc, modules: code.modules },
    style: look.id,
    ...(direction && { direction }),
    // A picture's style is of no colours that anyone has asked for.
    colours: { asked, made: untouched || look.served ? asked : correctedColours(asked, strength) },
    pixelsPerModule,
    backend: backend === 'clear' ? backend : card.card.backend,
    parameters: { polyModulusDegree, coeffModulusBits, logQP, securityBits },
    bytes: { evaluationKeys: bytes.evaluationKeys, request: bytes.request, response: bytes.response },
    timings: { ...stageTimings, planMs: stages.ms('plan'), correctMs, verifyMs, totalMs },
    precision: decrypted.precision,
    keys,
    verified: expected &&
      decrypted.precision && { maxAbsError: decrypted.precision.maxAbsError, bound: expected.bound },
    snapped: picture !== decrypted,
    correction: { untouched, strength, changedPixels, meanDeltaE, readBefore },
    scan,
  };
  return { code, raster: proof.raster, report };
}

/** The picture of `decrypted`'s size that the float network draws, to the byte the same in every engine. */
function drawnFrom({ width, height }: Picture, reference: Float32Array): Raster {
  return { width, height, data: toRgb({ shape: [3, height, width], values: reference }) };
}

function requireProven({ proven, scan }: Proof): void {
  if (proven) return;
  const failed = Object.entries(scan).flatMap(([decoder, read]) => (read ? [] : [decoder]));
  throw new SealedError(
    'not-scannable',
    `No correction makes this code readable for ${failed.join(' and ')}. ` +
      'Choose darker foreground or lighter background colours, a shorter text, or another error correction level.',
    { stage: 'scan', detail: scan },
  );
}

// The way through the house: text → QR → encrypted style → corrected, proven picture. Read this file first.
import { inSlices, PAGE_SLICE_MS, yielding } from '../../base/controls.ts';
import { SealedError } from '../../base/errors.ts';
import type { Raster } from '../../base/raster.ts';
import type { Preference, PriceWeights } from '../../plan/preference.ts';
import { type ErrorCorrectionLevel, encodeQr, type QrCode } from '../../qr/matrix.ts';
import type { Proof } from '../../qr/prove.ts';
import { checkColours, correctedColours, type StyleColours } from '../../style/colours.ts';
import { withoutFinders } from '../../style/drawing/eyes.ts';
import type { PixelsPerModule } from '../../style/recipe.ts';
import { MARGIN } from '../../style/recipe.ts';
import { directionOf, placeOf, type Style } from '../../style/styles.ts';
import { groundSteps } from '../../style/tables.ts';
import type { BackendName } from '../session/backends.ts';
import { type RunControls, Stages } from '../session/stages.ts';
import { draw } from './draw.ts';
import { mixedPicture } from './mixed-picture.ts';
import type { StyleReport } from './report.ts';
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
  /** What the plan is chosen by; small keys unless given, since they serve one picture. */
  readonly prefer?: Preference | PriceWeights | undefined;
}

/** The proven picture, quiet zone included, and the report. */
export interface StyledCode {
  readonly code: QrCode;
  readonly raster: Raster;
  readonly report: StyleReport;
}

/**
 * Styles a QR code on a server role that is sent the code encrypted, never in the clear. A text that a service has failed
 * for is not sent to it again: its picture is drawn here, and the report says so.
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
  // What a picture's style needs is made meanwhile; that it cannot be made is told when it is needed.
  look.prepare?.(code.modules).catch(() => undefined);
  const drawn = await draw(
    session,
    {
      text,
      drawing: { style, colours, pixelsPerModule, backend },
      modules: code.modules,
      // A style draws the eyes by the place: the code's own finder patterns stay here.
      values: withoutFinders(code.dark, code.modules),
      snap,
    },
    stages,
  );
  const proveAs = async (candidate: Style): Promise<Proof> => {
    await candidate.prepare?.(code.modules);
    const { frame = 0, recipe } = candidate;
    const around = GROUND_MODULES + frame;
    const place = placeOf(candidate, code.modules, asked, pixelsPerModule);
    const pause = yielding(signal, 'style', PAGE_SLICE_MS);
    const ground = { ...(await inSlices(groundSteps(recipe, place, around), pause)), around };
    const shown = (drawing: Raster): Raster =>
      style === look ? drawing : mixedPicture(drawing, ground, code.modules, pixelsPerModule);
    const pictures = { picture: shown(drawn.picture), decrypted: shown(drawn.decrypted) };
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
  if (!proof.proven && backend !== 'clear') session.withhold(text);
  requireProven(proof);

  const { timings, ...ofDrawing } = drawn.report;
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
    ...ofDrawing,
    timings: { ...stageTimings, planMs: stages.ms('plan'), correctMs, verifyMs, totalMs },
    correction: { untouched, strength, changedPixels, meanDeltaE, readBefore },
    scan,
  };
  return { code, raster: proof.raster, report };
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

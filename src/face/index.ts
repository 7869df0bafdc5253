// `sealed-qr`: a text in, a styled and proven QR code out, as PNG and SVG.
import '../base/dispose-symbols.ts';
import { loadModel, startService } from '#platform/service';
import { clientWorkers } from '#platform/client';
import { StyleSession } from '../app/style/style-session.ts';
import { StylingSession, type StyledFiles, type StyleOptions } from './styling.ts';

export { SealedError } from '../base/errors.ts';
export type { ErrorCode, ErrorStage, SealedErrorOptions } from '../base/errors.ts';
export type { Raster, Rgb } from '../base/raster.ts';
export type { Differences } from '../base/compare.ts';
export type { ColourField, Direction } from '../style/colour-field.ts';
export type { ColourName, StyleColours } from '../style/colours.ts';
export type { PixelsPerModule } from '../style/recipe.ts';
export type { StyleId } from '../style/styles.ts';
export { type Style, STYLES } from '../style/styles.ts';
export type { BackendName } from '../app/session/backends.ts';
export type { RunBytes, RunControls, RunTimings, StageEvent, StageName } from '../app/session/stages.ts';
export type { StyleReport, Timings } from '../app/style/report.ts';
export type { ErrorCorrectionLevel } from '../qr/capacity.ts';
export type { Decoder } from '../qr/scan.ts';
export { StylingSession, type StyledFiles, type StyleOptions } from './styling.ts';

/** How to open a session. */
export interface SessionOptions {
  /** Evaluators of its service: the number of processors, at most four, unless given. */
  readonly evaluators?: number;
}

/**
 * A session with a service in this program: workers of the page, or threads of Node. Nothing is started before it is
 * needed. Whoever opens it closes it, with `using` or `close()`; in Node an open session keeps the process alive.
 *
 * @example
 * ```ts
 * using session = openSession();
 * const { png } = await session.styleCode('https://example.org');
 * ```
 */
export function openSession({ evaluators }: SessionOptions = {}): StylingSession {
  const workers = { ...clientWorkers, service: () => startService(evaluators) };
  return new StylingSession(new StyleSession(workers, loadModel));
}

/**
 * Styles one code in a session of its own. For several codes {@link openSession} once: it keeps plans and loaded files.
 *
 * @throws SealedError `not-scannable` when no correction makes both decoders read the exact text; whatever a stage throws
 * @example
 * ```ts
 * const { png, svg } = await styleCode('https://example.org', { style: 'dots' });
 * ```
 */
export async function styleCode(text: string, options: StyleOptions = {}): Promise<StyledFiles> {
  const session = openSession();
  try {
    return await session.styleCode(text, options);
  } finally {
    session.close();
  }
}

// Where a picture comes from: a service that draws it encrypted, held to this side's copy of the style; or that copy alone.
import { defined } from '../../base/assert.ts';
import { SealedError } from '../../base/errors.ts';
import type { Raster } from '../../base/raster.ts';
import { checkParameters } from '../../params/parameters.ts';
import { type Picture, toRgb } from '../../plan/finish.ts';
import { type RunOutcome, runSealed, runSimulated } from '../session/run.ts';
import type { Stages } from '../session/stages.ts';
import type { StyleReport } from './report.ts';
import type { Drawing } from './style-options.ts';
import type { StyleSession } from './style-session.ts';

/** What is to be drawn. */
export interface Draft {
  readonly text: string;
  readonly drawing: Drawing;
  /** Along one side. */
  readonly modules: number;
  /** What is encrypted: the modules, row by row, without the finder patterns, which a style draws by the place. */
  readonly values: Float32Array;
  /** Whether the float network's values are handed out, where this side has them, and not the decrypted ones. */
  readonly snap: boolean;
}

/** A drawn picture, and what a report says of its drawing. */
export interface Drawn {
  readonly picture: Raster;
  /** As it was decrypted; the same where nothing was. */
  readonly decrypted: Raster;
  readonly report: Pick<
    StyleReport,
    'backend' | 'drawnHere' | 'parameters' | 'bytes' | 'precision' | 'keys' | 'verified' | 'snapped'
  > & { readonly timings: RunOutcome['timings'] };
}

/** Draws by the session's service, or here where the service is not to be sent this text again. */
export function draw(session: StyleSession, draft: Draft, stages: Stages): Promise<Drawn> {
  const isSealed = draft.drawing.backend !== 'clear';
  return isSealed && session.isWithheld(draft.text)
    ? drawHere(session, draft, stages)
    : drawAtService(session, draft, stages);
}

async function drawAtService(session: StyleSession, draft: Draft, stages: Stages): Promise<Drawn> {
  const { text, drawing, modules, values, snap } = draft;
  const { backend } = drawing;
  const { signal } = stages;
  const card = await stages.run('plan', () => session.styleCard(drawing, modules, { signal }));
  const expected = await session.expected(drawing, modules, values, card.card, { signal });
  const run = backend === 'clear' ? runSimulated : runSealed;
  let outcome: RunOutcome;
  try {
    outcome = await run(session, { card, inputs: [values], expected }, stages);
  } catch (error) {
    if (backend !== 'clear' && isRefused(error)) session.withhold(text);
    throw error;
  }
  const { bytes, timings, keys } = outcome;
  const decrypted = defined(outcome.picture, 'a style ends in a picture');
  const [reference] = expected?.result.references ?? [];
  const picture =
    reference && snap ? await stages.run('snap', () => drawnFrom(reference, decrypted)) : decrypted;
  const { polyModulusDegree, coeffModulusBits, logQP, securityBits } = checkParameters(card.card.parameters);
  const { precision } = decrypted;
  const report = {
    backend: backend === 'clear' ? backend : card.card.backend,
    drawnHere: false,
    parameters: { polyModulusDegree, coeffModulusBits, logQP, securityBits },
    bytes: { evaluationKeys: bytes.evaluationKeys, request: bytes.request, response: bytes.response },
    precision,
    keys,
    verified: expected && precision && { maxAbsError: precision.maxAbsError, bound: expected.result.bound },
    snapped: picture !== decrypted,
    timings,
  } as const;
  return { picture, decrypted, report };
}

/** @throws SealedError `withheld` where this side has no copy of the style */
async function drawHere(session: StyleSession, draft: Draft, stages: Stages): Promise<Drawn> {
  const { drawing, modules, values } = draft;
  const reference = await session.reference(drawing, modules, values, { signal: stages.signal });
  if (!reference) {
    throw new SealedError(
      'withheld',
      'An answer for this text was refused, or did not read: the text is not sent to this service again. ' +
        'There is no copy of this style here to draw it with. Change the text, or use another service.',
      { stage: 'wire' },
    );
  }
  const side = Math.sqrt(reference.length / 3);
  const picture = await stages.run('snap', () => drawnFrom(reference, { width: side, height: side }));
  const report = {
    backend: 'none',
    drawnHere: true,
    parameters: undefined,
    bytes: { evaluationKeys: 0, request: 0, response: 0 },
    precision: undefined,
    keys: { made: 0, reused: 0 },
    verified: undefined,
    snapped: true,
    timings: { keygenMs: 0, encodeMs: 0, encryptMs: 0, evaluateMs: 0, roundMs: 0, decryptMs: 0 },
  } as const;
  return { picture, decrypted: picture, report };
}

/** Whether a service has answered, and wrongly. */
function isRefused(error: unknown): boolean {
  return error instanceof SealedError && (error.code === 'wrong-answer' || error.code === 'malformed-frame');
}

/** The picture that the float network draws, to the byte the same in every engine. */
function drawnFrom(reference: Float32Array, { width, height }: Pick<Picture, 'width' | 'height'>): Raster {
  return { width, height, data: toRgb({ shape: [3, height, width], values: reference }) };
}

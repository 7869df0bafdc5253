// The half of the pipeline that draws: under encryption by the server role, or simulated on plaintext slots.
import type { Raster } from '../../base/raster.ts';
import { floatPicture, type ReadyPlan } from './plans.ts';
import type { StyleReport, Timings } from './report.ts';
import type { Session } from '../session/session.ts';
import type { Stages } from './stages.ts';

/** The styled picture before correction, and its share of the report. */
export interface Drawn {
  readonly picture: Raster & Pick<StyleReport, 'precision'>;
  readonly bytes: StyleReport['bytes'];
  readonly timings: Omit<Timings, 'planMs' | 'correctMs' | 'verifyMs' | 'totalMs'>;
}

/** What there is to draw. */
export interface Drawing {
  readonly ready: ReadyPlan;
  /** The modules, 1 for dark, row by row. */
  readonly values: Float32Array;
  readonly measurePrecision: boolean;
}

function total(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, frame) => sum + frame.byteLength, 0);
}

function referenceOf({ ready, values, measurePrecision }: Drawing): Float32Array | undefined {
  return measurePrecision ? floatPicture(ready.graph, values) : undefined;
}

/** Keys, encryption, evaluation on ciphertexts, decryption. */
export async function drawSealed(session: Session, drawing: Drawing, stages: Stages): Promise<Drawn> {
  const { ready, values } = drawing;
  const { card } = ready;
  const { signal } = stages;
  const { keygenMs } = await stages.run('keygen', () => session.prepareKeys(card, signal));
  const { frames, encodeMs, encryptMs } = await stages.run('encrypt', () =>
    session.encrypt(card, values, signal),
  );
  const request = total(frames);
  const { keyBytes } = session;
  await stages.run('request', () => session.giveKeys(signal), {
    bytes: request + keyBytes,
    sample: frames[0],
  });
  const { outputs } = await stages.run('evaluate', () =>
    session.evaluate(ready, frames, (share) => stages.progress('evaluate', share), signal),
  );
  const response = total(outputs);
  await stages.run('response', () => undefined, { bytes: response, sample: outputs[0] });
  const reference = referenceOf(drawing);
  const picture = await stages.run('decrypt', () => session.decrypt(card, outputs, reference, signal));
  const evaluateMs = stages.ms('evaluate');
  session.reportKeys();
  return {
    picture,
    bytes: { evaluationKeys: keyBytes, request, response },
    timings: { keygenMs, encodeMs, encryptMs, evaluateMs, decryptMs: picture.decryptMs },
  };
}

/** The same plan on plaintext slots, rounded as the scheme rounds. */
export async function drawSimulated(session: Session, drawing: Drawing, stages: Stages): Promise<Drawn> {
  const reference = referenceOf(drawing);
  const { picture, evaluateMs } = await stages.run('evaluate', () =>
    session.simulate(drawing.ready, drawing.values, reference, stages.signal),
  );
  return {
    picture,
    bytes: { evaluationKeys: 0, request: 0, response: 0 },
    timings: { keygenMs: 0, encodeMs: 0, encryptMs: 0, evaluateMs, decryptMs: 0 },
  };
}

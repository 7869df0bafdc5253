// From key press to verified picture: a text that grows by a key at a time, each styled and proven as the page does it.
import { styleCode, type StyleRequest } from '../src/app/style/pipeline.ts';
import { prepareStyle } from '../src/app/style/prepare.ts';
import type { Timings } from '../src/app/style/report.ts';
import type { StyleSession } from '../src/app/style/style-session.ts';
import { SealedError } from '../src/base/errors.ts';
import { DEFAULT_PIXELS_PER_MODULE } from '../src/style/graph.ts';
import { styleById } from '../src/style/styles.ts';
import { median } from './measure.ts';

/** What came of it. */
export interface TypingReport {
  readonly version: number;
  readonly runs: number;
  /** Median, least and most milliseconds from the change of the text to the picture that both decoders read. */
  readonly medianMs: number;
  readonly leastMs: number;
  readonly mostMs: number;
  /** Medians of the stages. */
  readonly stages: Pick<Timings, 'encryptMs' | 'evaluateMs' | 'decryptMs' | 'correctMs' | 'verifyMs'>;
}

/** The version of the code that is typed: 15 to 26 bytes at level M. */
const VERSION = 2;
const TYPED = 'https://example.org/abc';
const WARM_UPS = 3;

/** Runs `runs` rounds after warm-up on `session`, in the style liquid. @throws whatever a stage throws */
export async function runTypingBench(
  session: StyleSession,
  runs: number,
  onRun: (done: number) => void,
): Promise<TypingReport> {
  const style = styleById('liquid');
  const request: Omit<StyleRequest, 'text'> = {
    ecc: 'M',
    style,
    colours: style.defaultColours,
    pixelsPerModule: DEFAULT_PIXELS_PER_MODULE,
    backend: 'simd',
  };
  await session.warm();
  await prepareStyle(session, { style, colours: style.defaultColours, version: VERSION, backend: 'simd' });
  const times: number[] = [];
  const timings: Timings[] = [];
  for (let run = -WARM_UPS; run < runs; run += 1) {
    // A key more or less each time: another text of the same version.
    const text = TYPED.slice(0, TYPED.length - 6 + ((run + WARM_UPS) % 6));
    const pressed = performance.now();
    const { report } = await styleCode(session, { ...request, text });
    const ms = performance.now() - pressed;
    if (report.payload.version !== VERSION) throw new SealedError('internal', 'The text has another size.');
    if (run < 0) continue;
    times.push(ms);
    timings.push(report.timings);
    onRun(times.length);
  }
  const of = (stage: keyof TypingReport['stages']): number => median(timings.map((timing) => timing[stage]));
  return {
    version: VERSION,
    runs,
    medianMs: median(times),
    leastMs: Math.min(...times),
    mostMs: Math.max(...times),
    stages: {
      encryptMs: of('encryptMs'),
      evaluateMs: of('evaluateMs'),
      decryptMs: of('decryptMs'),
      correctMs: of('correctMs'),
      verifyMs: of('verifyMs'),
    },
  };
}

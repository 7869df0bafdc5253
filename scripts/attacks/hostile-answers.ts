// Hostile answers against the client: what each leads to, and what the service sees of that.
import { PASSING_SCAN } from '../../fixtures/passing-scan.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { styleCode } from '../../src/app/style/pipeline.ts';
import { StyleReferences } from '../../src/app/style/reference.ts';
import { StyleSession } from '../../src/app/style/style-session.ts';
import { SealedError } from '../../src/base/errors.ts';
import { pictureOf } from '../../src/plan/finish.ts';
import { encodeQr } from '../../src/qr/matrix.ts';
import { styleById } from '../../src/style/styles.ts';
import { loadModel } from '../../workers/platform/node-local-service.ts';
import { type Craft, CRAFTED, HARMLESS, mutated } from './crafted-answers.ts';
import { honestPlanes, type PublicStyle } from './drawing.ts';
import { type Crossing, type HostileWorkers, hostileWorkers } from './hostile-service.ts';

/** What a client made of an answer. */
export type Verdict =
  | { readonly kind: 'refused'; readonly code: string }
  /** Handed out: bytes of the picture that differ from the reference's, and by how much at most. */
  | { readonly kind: 'accepted'; readonly differing: number; readonly most: number }
  /** An error that is none of the project's. */
  | { readonly kind: 'crashed'; readonly message: string };

/** One answer tried. */
export interface Tried {
  readonly name: string;
  readonly verdict: Verdict;
  /** Calls on the service from the beginning of the run to the end of what came of it. */
  readonly crossings: readonly Crossing[];
}

/** What to try. */
export interface Campaign {
  /** Which style is asked for: `liquid` has keys that cross as well, `gradient` has none and is quick. */
  readonly style: 'liquid' | 'gradient';
  /** Whether the client has the style's network to hold answers against. */
  readonly verified: boolean;
  /** Names of the answers made by hand to try; all of them unless given. */
  readonly crafted?: readonly string[] | undefined;
  /** How many answers changed by chance, beside those made by hand. */
  readonly mutations: number;
  readonly seed: number;
}

/** The smallest pictures of a style: the campaign is about answers. */
function smallPictures(id: Campaign['style']): PublicStyle {
  const style = styleById(id);
  return { style, colours: style.defaultColours, pixelsPerModule: 4, ecc: 'M' };
}

/** Tries every answer on a run of its own, with a text of its own, all in one session. */
export async function tryAnswers({
  style,
  verified,
  crafted = Object.keys(CRAFTED),
  mutations,
  seed,
}: Campaign): Promise<Tried[]> {
  const hostile = hostileWorkers(PASSING_SCAN);
  const session = new StyleSession(hostile.workers, verified ? loadModel : undefined);
  const drawn = smallPictures(style);
  const references = new StyleReferences(loadModel);
  const random = seededRandom(seed);
  const cases: [string, Craft][] = [
    ...Object.entries(HARMLESS),
    ...crafted.map((name): [string, Craft] => [name, CRAFTED[name]]),
    ...Array.from({ length: mutations }, (_, index): [string, Craft] => {
      const { name, craft } = mutated(index);
      return [name, craft];
    }),
  ];
  const tried: Tried[] = [];
  try {
    // An older answer to replay; and what is compiled and loaded once is so before the first case.
    await draw(session, drawn, 'an older text');
    const older = hostile.runs.at(-1).answer;
    for (const [index, [name, craft]] of cases.entries()) {
      const text = `text ${String(index).padStart(4, '0')}`;
      hostile.tamper = (frames, run) => craft({ run, frames, older, random });
      hostile.crossings.length = 0;
      const verdict = await judge(session, references, drawn, text);
      tried.push({ name, verdict, crossings: crossed(hostile) });
      hostile.runs.length = 0;
    }
  } finally {
    session.close();
  }
  return tried;
}

/** The picture that the client hands out for `text`. */
async function draw(session: StyleSession, drawn: PublicStyle, text: string): Promise<Uint8Array> {
  return (await styleCode(session, { ...drawn, text, backend: 'simd' })).raster.data;
}

async function judge(
  session: StyleSession,
  references: StyleReferences,
  drawn: PublicStyle,
  text: string,
): Promise<Verdict> {
  let data: Uint8Array;
  try {
    data = await draw(session, drawn, text);
  } catch (error) {
    if (error instanceof SealedError && error.code !== 'internal') {
      return { kind: 'refused', code: error.code };
    }
    return { kind: 'crashed', message: String(error) };
  }
  const planes = await honestPlanes(references, encodeQr(text, { ecc: drawn.ecc }), drawn);
  const side = Math.sqrt(planes.length / 3);
  const expected = pictureOf([3, side, side], [], planes, undefined).data;
  let [differing, most] = [0, 0];
  for (const [i, byte] of expected.entries()) {
    if (byte === data[i]) continue;
    differing += 1;
    most = Math.max(most, Math.abs(byte - data[i]));
  }
  return { kind: 'accepted', differing, most };
}

/** The calls that a run is; whether the service still lives is asked by the clock. */
function crossed({ crossings }: HostileWorkers): Crossing[] {
  return crossings.filter(({ call }) => call !== 'capabilities');
}

/** Whether the service sees the same calls of the same sizes in both. */
export function sameCrossings(a: readonly Crossing[], b: readonly Crossing[]): boolean {
  return a.length === b.length && a.every(({ call, bytes }, i) => call === b[i].call && bytes === b[i].bytes);
}

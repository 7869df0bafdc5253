// The key-recovery attack against the client as it was, the product, and the product where it has no reference.
import { StyleSession } from '../../src/app/style/style-session.ts';
import { createScanRole } from '../../src/qr/scan-role.ts';
import type { Scanners } from '../../src/qr/scan.ts';
import { loadSeal } from '../../src/seal/load.ts';
import { styleById } from '../../src/style/styles.ts';
import { scannerFiles } from '../../workers/platform/node-client.ts';
import { loadModel } from '../../workers/platform/node-local-service.ts';
import { boundFor } from '../../src/app/style/verification-bounds.ts';
import type { PublicStyle } from './drawing.ts';
import { type Carrier, carrierOf, quietCarrier } from './key-carrier.ts';
import { hostileWorkers } from './hostile-service.ts';
import { attackSession, exploit, type Recovered, textOf, type Victim } from './key-recovery.ts';
import { OldClient } from './old-client.ts';
import type { Outcome } from './outcomes.ts';
import { oldPublisher, productPublisher } from './publishers.ts';

/** Who is attacked. */
export const TARGETS = ['old', 'product', 'unsnapped', 'unverified'] as const;

/** One of {@link TARGETS}. */
export type Target = (typeof TARGETS)[number];

/** What the attack may yield: everything, or it proves nothing; nothing; or the key of one picture, which opens its text. */
const MAY_YIELD: Readonly<Record<Target, 'all' | 'nothing' | 'own text'>> = {
  old: 'all',
  product: 'nothing',
  unsnapped: 'own text',
  unverified: 'own text',
};

const NAMES: Readonly<Record<Target, string>> = {
  old: 'as it was (one key, no reference)',
  product: 'product',
  unsnapped: 'product with --no-snap',
  unverified: 'product without a reference',
};

/** What pictures carry: 4 grey levels, or as much as a client that verifies lets pass. */
type Loudness = 'loud' | 'quiet';

const LOUDNESS: Readonly<Record<Target, readonly Loudness[]>> = {
  old: ['loud'],
  product: ['loud', 'quiet'],
  unsnapped: ['quiet'],
  unverified: ['loud'],
};

function carrierFor({ drawn }: Victim, loudness: Loudness): Carrier {
  if (loudness === 'loud') return carrierOf(4);
  // Bounds differ with the size: this passes all that are drawn here.
  const bounds = [25, 61].map((modules) => boundFor(drawn.style.id, modules, 'simd'));
  return quietCarrier(Math.min(...bounds));
}

/** A session to attack, with what it takes to end it. */
interface Staged {
  readonly victim: Victim;
  readonly close: () => void;
}

/** How much is attacked: all of it in `npm run attacks`, little in `npm test`. */
export interface KeyAttacks {
  /** Versions of one picture each in `liquid`; N = 8192. */
  readonly versions: readonly number[];
  /** Of pictures in `gradient`, version 2; N = 4096. */
  readonly many: number;
  /** Standard deviations of what a picture carries, in grey levels, one picture each in `gradient`, version 6. */
  readonly sweep: readonly number[];
}

/** Everything that `npm run attacks` does. */
export const ALL_KEY_ATTACKS: KeyAttacks = {
  versions: [2, 4, 6, 11],
  many: 50,
  sweep: [0.3, 0.5, 1, 2, 4, 8],
};

// The old client gives its key to a picture of this many levels at the latest, and to one of these versions.
const SURE_LEVELS = 1;
const SURE_VERSION = 6;

// Encrypted and sent, and in no picture that anybody sees.
const NEVER_PUBLISHED = textOf(5, 'never-published');

/** Tells what an attack found; `isSure` where the old client must have given its key. */
type Judge = (
  what: string,
  recovered: Recovered | undefined,
  refusals: readonly string[],
  isSure?: boolean,
) => void;

/** Runs the attacks on `target`, and tells each outcome as it comes. */
export async function attackKeys(
  target: Target,
  scanners: Scanners,
  { versions, many, sweep }: KeyAttacks,
  tell: (outcome: Outcome) => void,
): Promise<void> {
  const judge: Judge = (what, recovered, refusals, isSure = false) =>
    tell({
      attack: `${NAMES[target]}: ${what}`,
      found: describe(recovered, refusals),
      isRight: isAsItMust(target, recovered, isSure),
    });
  const on = (style: 'liquid' | 'gradient', attack: (victim: Victim) => Promise<void>): Promise<void> =>
    staged(target, scanners, style, attack);
  if (versions.length > 0) {
    for (const loudness of LOUDNESS[target]) {
      await on('liquid', (victim) => attackVersions(victim, versions, loudness, judge));
    }
  }
  if (many > 0) await on('gradient', (victim) => attackMany(victim, many, LOUDNESS[target].at(-1)!, judge));
  if (sweep.length > 0) await on('gradient', (victim) => attackAmplitudes(victim, sweep, judge));
}

/** Codes of several sizes in one session: each alone, and together as if they had one key. */
async function attackVersions(
  victim: Victim,
  versions: readonly number[],
  loudness: Loudness,
  judge: Judge,
): Promise<void> {
  const carrier = carrierFor(victim, loudness);
  const texts = versions.map((version) => textOf(version, `v${version}`));
  const { publications, refusals } = await attackSession(victim, NEVER_PUBLISHED, texts, carrier);
  for (const [i, version] of versions.entries()) {
    const own = publications.filter(({ text }) => text === texts[i]);
    const recovered = own.length > 0 ? await exploit(victim, own, carrier) : undefined;
    const refused = refusals.get(texts[i]);
    judge(`version ${version}, ${loudness}`, recovered, refused ? [refused] : [], version >= SURE_VERSION);
  }
  const together = publications.length > 1 ? await exploit(victim, publications, carrier) : undefined;
  judge(`versions ${versions.join(', ')} together, ${loudness}`, together, [...refusals.values()], true);
}

/** Many codes of one size in one session. */
async function attackMany(victim: Victim, many: number, loudness: Loudness, judge: Judge): Promise<void> {
  const carrier = carrierFor(victim, loudness);
  const texts = Array.from({ length: many }, (_, i) => textOf(2, String(i)));
  const { publications, refusals } = await attackSession(victim, NEVER_PUBLISHED, texts, carrier);
  const codes = [...refusals.values()];
  const each: Recovered[] = [];
  for (const publication of publications) {
    each.push(await exploit(victim, [publication], carrier));
    // One picture has then given away all of them.
    if (each.at(-1).readOthers.length > 0) break;
  }
  judge(`${many} pictures, each alone, ${loudness}`, worst(each), codes);
  const together = publications.length > 1 ? await exploit(victim, publications, carrier) : undefined;
  judge(`${many} pictures together, ${loudness}`, together, codes);
}

/** One code at each amplitude. */
async function attackAmplitudes(victim: Victim, sweep: readonly number[], judge: Judge): Promise<void> {
  for (const sigmaLevels of sweep) {
    victim.hostile.runs.length = 0;
    const carrier = carrierOf(sigmaLevels);
    const draft = textOf(5, `draft-${sigmaLevels}`);
    const texts = [textOf(6, `sigma-${sigmaLevels}`)];
    const { publications, refusals } = await attackSession(victim, draft, texts, carrier);
    const recovered = publications.length > 0 ? await exploit(victim, publications, carrier) : undefined;
    const isSure = sigmaLevels >= SURE_LEVELS;
    judge(`σ = ${sigmaLevels} grey levels`, recovered, [...refusals.values()], isSure);
  }
}

/** Runs `attack` on a new session of `target`. */
async function staged(
  target: Target,
  scanners: Scanners,
  styleId: 'liquid' | 'gradient',
  attack: (victim: Victim) => Promise<void>,
): Promise<void> {
  const style = styleById(styleId);
  const drawn: PublicStyle = { style, colours: style.defaultColours, pixelsPerModule: 8, ecc: 'M' };
  const { victim, close } = await stage(target, scanners, drawn);
  try {
    await attack(victim);
  } finally {
    close();
  }
}

async function stage(target: Target, scanners: Scanners, drawn: PublicStyle): Promise<Staged> {
  const hostile = hostileWorkers(createScanRole(scannerFiles()));
  const common = { hostile, drawn, scanners, loadModel };
  if (target === 'old') {
    const service = hostile.workers.service();
    const client = new OldClient({ service: service.role, seal: await loadSeal(), scanners });
    const close = (): void => {
      client[Symbol.dispose]();
      service.terminate();
    };
    return { victim: { ...common, publish: oldPublisher(client) }, close };
  }
  const session = new StyleSession(hostile.workers, target === 'unverified' ? undefined : loadModel);
  const publish = productPublisher(session, target !== 'unsnapped');
  return { victim: { ...common, publish }, close: () => session.close() };
}

function isAsItMust(target: Target, recovered: Recovered | undefined, isSure: boolean): boolean | undefined {
  const readOthers = recovered !== undefined && recovered.readOthers.length > 0;
  switch (MAY_YIELD[target]) {
    case 'all':
      return isSure ? readOthers : undefined;
    case 'own text':
      return !readOthers;
    case 'nothing':
      return !readOthers && (recovered?.readPublished ?? 0) === 0;
  }
}

/** What attacks on several pictures yield together. */
function worst(each: readonly Recovered[]): Recovered | undefined {
  const [first] = each;
  if (!first) return undefined;
  return {
    ...first,
    readPublished: each.reduce((sum, { readPublished }) => sum + readPublished, 0),
    readOthers: [...new Set(each.flatMap(({ readOthers }) => readOthers))],
  };
}

function describe(recovered: Recovered | undefined, refusals: readonly string[]): string {
  const refused = new Map<string, number>();
  for (const code of refusals) refused.set(code, (refused.get(code) ?? 0) + 1);
  const parts = [...refused].map(([code, count]) => `${count} refused (${code})`);
  if (!recovered) return [...parts, 'nothing published'].join(', ');
  const { measured, degree, readPublished, readOthers } = recovered;
  const isKey = readPublished + readOthers.length > 0;
  parts.push(
    `${isKey ? 'key' : 'no key'} from ${measured} of ${degree} measured`,
    `${readPublished} published and ${readOthers.length} other texts read`,
  );
  return parts.join(', ');
}

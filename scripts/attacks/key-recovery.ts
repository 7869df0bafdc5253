// The active attack on one session: pictures that carry the key are published, and the attacker reads what it can.
import { asSealedError } from '../../src/base/errors.ts';
import type { Scanners } from '../../src/qr/scan.ts';
import type { PublicStyle } from './drawing.ts';
import type { HostileWorkers, SeenRun } from './hostile-service.ts';
import { readRequest, recoverKey } from './key-attacker.ts';
import { type Carrier, keyCarrier } from './key-carrier.ts';
import { KeyReader, type Publication } from './key-reader.ts';
import type { Publisher } from './publishers.ts';

// Of a session of fifty texts, so many are tried with the key of each.
const MOST_OTHERS = 8;

/** A session under attack. */
export interface Victim {
  readonly hostile: HostileWorkers;
  readonly publish: Publisher;
  readonly drawn: PublicStyle;
  readonly scanners: Scanners;
  readonly loadModel: (path: string) => Promise<Uint8Array>;
}

/** What pictures gave away. */
export interface Recovered {
  /** Real and imaginary parts of slots of the key that were measured; of `degree` that there are. */
  readonly measured: number;
  readonly degree: number;
  /** Texts that were sent to the service encrypted and that the key opens, those published among them. */
  readonly readPublished: number;
  /** Texts of the session that were never published, or that pictures outside this set show. */
  readonly readOthers: readonly string[];
}

/** A session after the attack: what was published, and what was refused. */
export interface AttackedSession {
  readonly publications: readonly (Publication & { readonly text: string })[];
  /** Codes of the errors where nothing was handed out, by text. */
  readonly refusals: ReadonlyMap<string, string>;
}

/** Has the victim make a draft that it never publishes, then the pictures of `texts`, all of which it publishes. */
export async function attackSession(
  { hostile, publish, drawn }: Victim,
  draft: string,
  texts: readonly string[],
  carrier: Carrier,
): Promise<AttackedSession> {
  hostile.tamper = undefined;
  await publish(draft, drawn);
  hostile.tamper = keyCarrier(carrier);
  const publications: (Publication & { text: string })[] = [];
  const refusals = new Map<string, string>();
  for (const text of texts) {
    try {
      const png = await publish(text, drawn);
      publications.push({ png, run: hostile.runs.at(-1), text });
    } catch (error) {
      refusals.set(text, asSealedError(error).code);
    }
  }
  hostile.tamper = undefined;
  return { publications, refusals };
}

/** What the attacker makes of `used`, some of a session's pictures, as if one key were in them all. */
export async function exploit(
  { hostile, drawn, scanners, loadModel }: Victim,
  used: AttackedSession['publications'],
  carrier: Carrier,
): Promise<Recovered> {
  const reader = new KeyReader(loadModel, scanners, carrier);
  const recovery = await recoverKey(reader, used, drawn);
  const published = new Set(used.map(({ text }) => text));
  const read = new Set<string>();
  const open = async (runs: readonly SeenRun[]): Promise<void> => {
    for (const run of runs) {
      if (run.parameters !== recovery.ring.parameters) continue;
      const text = await readRequest(recovery, run, scanners);
      if (text !== null) read.add(text);
    }
  };
  const own = used.map(({ run }) => run);
  await open(own);
  // What does not open the texts that it was taken from is no key.
  if (read.size > 0) await open(someOf(hostile.runs.filter((run) => !own.includes(run))));
  return {
    measured: recovery.measured,
    degree: recovery.ring.parameters.polyModulusDegree,
    readPublished: [...read].filter((text) => published.has(text)).length,
    readOthers: [...read].filter((text) => !published.has(text)),
  };
}

/** The first of them, and others from all over. */
function someOf<T>(all: readonly T[]): T[] {
  return all.filter((_, i) => i % Math.ceil(all.length / MOST_OTHERS) === 0);
}

/** A text whose code has `version` at level M, and that says `name`. */
export function textOf(version: number, name: string): string {
  // Bytes that level M holds (ISO/IEC 18004, table 7).
  const capacity = [14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251][version - 1];
  return `https://example.org/${name} `.slice(0, capacity).padEnd(capacity, 'the quick brown fox ');
}

// Hostile answers by the thousand: all refused or harmless where the client has its reference; what is accepted where not.
import { CRAFTED, HARMLESS } from './crafted-answers.ts';
import { type Campaign, sameCrossings, type Tried, tryAnswers, type Verdict } from './hostile-answers.ts';
import type { Outcome } from './outcomes.ts';

/** Runs a campaign and tells what came of it. */
export async function attackAnswers(campaign: Campaign, tell: (outcome: Outcome) => void): Promise<void> {
  const { style, verified, mutations, crafted: names = Object.keys(CRAFTED) } = campaign;
  const tried = await tryAnswers(campaign);
  const harmless = Object.keys(HARMLESS).length;
  const crafted = names.length;
  const name = `${style}, ${verified ? 'with' : 'without'} a reference`;
  for (const { name: answer, verdict } of tried.slice(0, harmless)) {
    tell({
      attack: `${name}: ${answer}`,
      found: describe(verdict),
      isRight: verdict.kind === 'accepted' && (verified ? verdict.differing === 0 : verdict.most <= 2),
    });
  }
  const hostile = [tried.slice(harmless, harmless + crafted), tried.slice(harmless + crafted)];
  for (const [i, part] of hostile.entries()) {
    if (part.length === 0) continue;
    const kind = i === 0 ? `${crafted} hostile answers` : `${mutations} answers changed by chance`;
    const wrong = part.filter(({ verdict }) => !isHarmless(verdict, verified));
    tell({
      attack: `${name}: ${kind}`,
      found: [tallied(part), wrong.length > 0 ? `WRONG: ${namesOf(wrong)}` : ''].filter(Boolean).join('; '),
      isRight: wrong.length === 0,
    });
    if (!verified) {
      const accepted = part.filter(({ verdict }) => verdict.kind === 'accepted');
      // Of those made by hand, just the ones that decrypt to colours: more would be a rule that has gone.
      const isRight = i === 0 ? accepted.every((each) => Object.hasOwn(PASSABLE, each.name)) : undefined;
      tell({ attack: `${name}: accepted`, found: withReasons(accepted) || 'none', isRight });
    }
  }
  // The first is honest and a success: nothing that follows from an answer may look different from the service's side.
  const [{ crossings }] = tried;
  const different = tried.filter((each) => !sameCrossings(each.crossings, crossings));
  const calls = crossings.map(({ call, bytes }) => (bytes > 0 ? `${call} (${bytes} B)` : call)).join(', ');
  tell({
    attack: `${name}: what crosses`,
    found:
      different.length === 0
        ? `the same after all ${tried.length}: ${calls}`
        : `DIFFERENT after ${different.length} of ${tried.length}: ${namesOf(different)}`,
    isRight: different.length === 0,
  });
}

/** Hostile answers that pass without a reference, and why. */
const PASSABLE: Readonly<Record<string, string>> = {
  'outputs permuted': 'each is a picture of the right sort, in another place',
  'the key in blue': 'its marks are colours too',
};

function withReasons(tried: readonly Tried[]): string {
  return [...new Set(tried.map(({ name }) => name))]
    .map((name) => {
      const of = tried.filter((each) => each.name === name);
      return PASSABLE[name] ? `${namesOf(of)} (${PASSABLE[name]})` : namesOf(of);
    })
    .join(', ');
}

/** Where there is a reference, the bytes handed out are its own or none; where there is none, nothing breaks. */
function isHarmless(verdict: Verdict, verified: boolean): boolean {
  switch (verdict.kind) {
    case 'refused':
      return true;
    case 'accepted':
      return !verified || verdict.differing === 0;
    case 'crashed':
      return false;
  }
}

function describe(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'refused':
      return `refused (${verdict.code})`;
    case 'accepted':
      return `accepted, ${verdict.differing} bytes differ, by at most ${verdict.most}`;
    case 'crashed':
      return `CRASHED (${verdict.message})`;
  }
}

/** How often each thing happened. */
function tallied(tried: readonly Tried[]): string {
  const counts = new Map<string, number>();
  for (const { verdict } of tried) {
    const what =
      verdict.kind === 'refused'
        ? `refused (${verdict.code})`
        : verdict.kind === 'accepted'
          ? verdict.differing === 0
            ? 'accepted, the same bytes'
            : 'accepted, other bytes'
          : 'CRASHED';
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${count} ${what}`).join(', ');
}

/** Their names, each once, with how often where that is more. */
function namesOf(tried: readonly Tried[]): string {
  const counts = new Map<string, number>();
  for (const { name } of tried) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count > 1 ? `${name} ×${count}` : name)).join(', ');
}

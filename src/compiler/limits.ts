// Upper limits that a plan keeps: memory, keys, time, rounds, error; and the choices there are where it cannot.
import { SealedError } from '../base/errors.ts';
import type { PlanChoice } from '../plan/explanation.ts';
import type { PlanLimits } from '../plan/plan-limits.ts';

// In which order plans are made where the preferred one does not keep to what is asked.
const OTHERS = ['latency', 'balanced', 'small-keys'] as const;

/** How a limit is spoken of: what it limits, its option, and an amount of it, rounded so that it is enough. */
const WORDS: Readonly<
  Record<keyof PlanLimits, { what: string; option: string; amount: (n: number) => string }>
> = {
  memoryBytes: { what: 'memory', option: '--max-memory', amount: megabytes },
  keyBytes: { what: 'keys', option: '--max-keys', amount: megabytes },
  evaluateMs: { what: 'evaluation', option: '--max-time', amount: (ms) => `${Math.ceil(ms)}ms` },
  rounds: { what: 'rounds', option: '--max-rounds', amount: String },
  error: { what: 'error', option: '--max-error', amount: (error) => upTo(error) },
};

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e5) / 10}MB`;
}

/** Two digits, rounded up. */
function upTo(error: number): string {
  const [digits, power] = error.toExponential(12).split('e');
  return Number(`${Math.ceil(Number(digits) * 10) / 10}e${power}`).toExponential(1);
}

/** The limits that `choice` does not keep. */
function broken(choice: PlanChoice, limits: PlanLimits): (keyof PlanLimits)[] {
  return (Object.keys(WORDS) as (keyof PlanLimits)[]).filter((name) => {
    const limit = limits[name];
    return limit !== undefined && choice[name] > limit;
  });
}

/** Whether anything but the memory is limited: then one plan may keep to it where another does not. */
function hasChoice({ memoryBytes: _, ...limits }: PlanLimits): boolean {
  return Object.values(limits).some((limit) => limit !== undefined);
}

/** Whether `a` is nowhere better than `b`, and somewhere worse. */
function isDominated(a: PlanChoice, b: PlanChoice): boolean {
  const names = Object.keys(WORDS) as (keyof PlanLimits)[];
  return names.every((name) => a[name] >= b[name]) && names.some((name) => a[name] > b[name]);
}

/** Those of `choices` than which no other is better in everything. */
export function frontOf<C extends PlanChoice>(choices: readonly C[]): C[] {
  return choices.filter(
    (a, i) =>
      !choices.some((b) => isDominated(a, b)) &&
      !choices
        .slice(0, i)
        .some((b) => (Object.keys(WORDS) as (keyof PlanLimits)[]).every((n) => a[n] === b[n])),
  );
}

/**
 * The plan that keeps to `limits`: by what is preferred where that one does, or else by another preference.
 * @param plan makes one, with its figures
 * @param all whether to make one by each preference, to choose from
 * @returns the plan, and all that were made and than which no other is better in everything
 * @throws SealedError `does-not-fit` saying which limits would do
 */
export function keepLimits<P, T extends { readonly choice: PlanChoice }>(
  limits: PlanLimits,
  prefer: P,
  plan: (prefer: P | (typeof OTHERS)[number]) => T,
  all: boolean,
): { readonly plan: T; readonly front: readonly PlanChoice[] } {
  const made: T[] = [];
  for (const preference of [prefer, ...OTHERS.filter((other) => other !== prefer)]) {
    made.push(plan(preference));
    const isKept = made.some(({ choice }) => broken(choice, limits).length === 0);
    if (!all && (isKept || !hasChoice(limits))) break;
  }
  const front = frontOf(made.map(({ choice }) => choice));
  const kept = made.find(({ choice }) => broken(choice, limits).length === 0);
  if (kept) return { plan: kept, front };
  throw refusal(front, limits);
}

function refusal(front: readonly PlanChoice[], limits: PlanLimits): SealedError {
  const nearest = front.reduce((a, b) => (broken(b, limits).length < broken(a, limits).length ? b : a));
  const names = broken(nearest, limits);
  const takes = names.map((name) => {
    const { what, amount } = WORDS[name];
    return `${amount(nearest[name])} of ${what} where ${amount(limits[name]!)} are allowed`;
  });
  const would = names.map((name) => `${WORDS[name].option} ${WORDS[name].amount(nearest[name])}`);
  return new SealedError(
    'does-not-fit',
    `The nearest plan takes ${takes.join(', and ')}: ${would.join(' ')} would do.`,
    {
      stage: 'compile',
      detail: { limits: true, ...Object.fromEntries(names.map((name) => [name, nearest[name]])) },
    },
  );
}

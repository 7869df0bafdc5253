// The determinism table: what each host made of each request, as text for people and as a verdict.
import type { Made } from '../fixtures/same-bytes.ts';

/** A host and what it made of each request, in order; a text where it failed. */
export interface HostRow {
  readonly name: string;
  readonly made: readonly Made[] | string;
}

/** Whether every host made the same cards and tables, and the same answers with each number of evaluators. */
export function allEqual(requests: readonly string[], hosts: readonly HostRow[]): boolean {
  return (
    hosts.length > 0 && requests.length > 0 && hosts.every((host) => unequal(host, requests, hosts[0]) === 0)
  );
}

/** How many requests `host` made something else of than `other` with one evaluator; all where it made nothing. */
export function unequal({ made }: HostRow, requests: readonly string[], { made: other }: HostRow): number {
  if (typeof made === 'string' || typeof other === 'string') return requests.length;
  return requests.filter((_, i) => !isSame(made[i], other[i])).length;
}

/** Whether `made` is what `expected` is with one evaluator, whatever the number of evaluators. */
function isSame(made: Made | undefined, expected: Made | undefined): boolean {
  if (!made || !expected) return false;
  if (made.card !== expected.card || made.tables !== expected.tables) return false;
  const answers = Object.values(made.answers);
  return answers.length > 0 && answers.every((answer) => answer === expected.answers[1]);
}

/** `====` for four numbers of evaluators, `≠` where the answer is another than the first host's with one. */
function cell(made: Made | undefined, expected: Made | undefined): string {
  if (!made || !expected) return '-';
  const others = [
    made.card === expected.card ? [] : ['another card'],
    made.tables === expected.tables ? [] : ['other tables'],
  ].flat();
  return (
    Object.values(made.answers)
      .map((answer) => (answer === expected.answers[1] ? '=' : '≠'))
      .join('') + (others.length > 0 ? ` (${others.join(', ')})` : '')
  );
}

/** The table in Markdown: a row for each request, a column for each host. */
export function determinismTable(requests: readonly string[], hosts: readonly HostRow[]): string {
  const madeBy = ({ made }: HostRow, index: number): Made | undefined =>
    typeof made === 'string' ? undefined : made[index];
  const rows = [
    ['Request', 'Card', 'Tables', 'Answer', ...hosts.map(({ name }) => name)],
    ['---', '---', '---', '---', ...hosts.map(() => '---')],
    ...requests.map((request, index) => {
      const first = madeBy(hosts[0], index);
      const hashes = [first?.card, first?.tables, first?.answers[1]].map(
        (hash) => `\`${hash?.slice(0, 16) ?? '-'}\``,
      );
      return [request, ...hashes, ...hosts.map((host) => cell(madeBy(host, index), first))];
    }),
  ];
  const failures = hosts.flatMap(({ name, made }) =>
    typeof made === 'string' ? [`${name} failed: ${made}`] : [],
  );
  const table = rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
  return [table, ...failures].join('\n\n');
}

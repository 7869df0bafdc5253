// Reads a walk of docs/tutorial: its commands, and what it says that they print; runs them.
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { projectEnvironment, root } from './gates.ts';

/** A command of a walk, and the lines that it is said to print; none where the walk shows nothing. */
export interface WalkStep {
  readonly command: string;
  readonly printed: readonly string[];
}

/** The steps in `markdown`: each `sh` block, with the `text` block that follows it before the next. */
export function stepsOf(markdown: string): WalkStep[] {
  const blocks = [...markdown.matchAll(/^```(sh|text)\n([\s\S]*?)\n```$/gm)];
  return blocks.flatMap(([, kind, command], index): WalkStep[] => {
    if (kind !== 'sh') return [];
    const next = blocks[index + 1];
    return [{ command, printed: next?.[1] === 'text' ? next[2].split('\n') : [] }];
  });
}

const NUMBER = /[-−]?\d+(?:\.\d+)?(?:e[-+]\d+)?(?: ms)?/g;

/** Whether a figure in the walk is the one that was printed: times are not compared, errors by their order of magnitude. */
function sameFigure(told: string, printed: string): boolean {
  if (told.endsWith(' ms') || printed.endsWith(' ms')) return told.endsWith(' ms') && printed.endsWith(' ms');
  const [a, b] = [told, printed].map(Number);
  if (/e-/.test(told)) return /e-/.test(printed) && Math.abs(Math.log10(a / b)) < 1;
  if (told.includes('.')) return Math.abs(a - b) <= Math.max(0.011, 0.05 * Math.abs(a));
  return Math.abs(a) < 1000 ? a === b : Math.abs(a - b) <= 0.05 * Math.abs(a);
}

/** Whether the walk's line is the one that was printed, up to what differs from run to run. */
export function sameLine(told: string, printed: string): boolean {
  const words = (line: string): string => line.replace(NUMBER, '#').replace(/\s+/g, ' ').trim();
  if (words(told) !== words(printed)) return false;
  const [a, b] = [told, printed].map((line) => line.match(NUMBER) ?? []);
  return a.every((figure, i) => sameFigure(figure, b[i]));
}

/** The first line of `told` that `printed` does not have in its turn; undefined where all are there. */
export function missingLine(told: readonly string[], printed: string): string | undefined {
  const lines = printed.split('\n');
  let at = 0;
  for (const line of told) {
    const found = lines.findIndex((candidate, index) => index >= at && sameLine(line, candidate));
    if (found < 0) return line;
    at = found + 1;
  }
  return undefined;
}

/** Takes away what the walks' commands write, which they would not write over. */
export function clearWalkFiles(): void {
  for (const name of ['code.png', 'code.svg', 'dots.png', 'sealed-qr.png', 'sealed-qr.svg'])
    rmSync(resolve(root, name), { force: true });
}

// Installed it is already, and the sources stand in for the built package: the package's own gate builds it.
const DONE = /^npm (ci|run build:package)\b/;

/** What `command` prints, run in the root; undefined for one that only makes ready. Rejects unless it exits with 0. */
export function runStep({ command }: WalkStep): Promise<string | undefined> {
  if (DONE.test(command)) return Promise.resolve(undefined);
  const env = { ...projectEnvironment(), NODE_OPTIONS: '--conditions=sealed-qr-source' };
  return new Promise((done, fail) => {
    execFile('bash', ['-o', 'pipefail', '-c', command], { cwd: root, env }, (error, stdout, stderr) => {
      // `head` leaves early, and what writes into it is told so.
      if (error && error.code !== 141) fail(new Error(`${command}\n${stderr}\n${stdout}`));
      else done(stdout);
    });
  });
}

/** `markdown` with `printed` in the place of what it says that `step` prints. */
export function rewritten(markdown: string, { command, printed }: WalkStep, output: string): string {
  const at = markdown.indexOf(`\`\`\`sh\n${command}\n\`\`\``);
  const told = `\`\`\`text\n${printed.join('\n')}\n\`\`\``;
  const begin = markdown.indexOf(told, at);
  const whole = `\`\`\`text\n${output.trimEnd()}\n\`\`\``;
  return markdown.slice(0, begin) + whole + markdown.slice(begin + told.length);
}

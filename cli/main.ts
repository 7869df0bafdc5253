// The command line: picks the command, turns errors into exit codes.
import manifest from '../package.json' with { type: 'json' };
import { asSealedError } from '../src/base/errors.ts';
import { runBench } from './bench-command.ts';
import { runModelCommand } from './model-command.ts';
import { runParamsCommand } from './params-command.ts';
import { runPayload } from './payload-command.ts';
import { runStyle } from './style-command.ts';
import { runStudy } from './study-command.ts';
import { runStyles } from './styles-command.ts';
import { unknownName } from './arguments.ts';
import { FileError } from './files.ts';
import { synopsisOf, UsageError, usageOf } from './usage.ts';

const COMMANDS: ReadonlyMap<string, (args: readonly string[]) => Promise<void>> = new Map([
  ['params', runParamsCommand],
  ['style', runStyle],
  ['styles', runStyles],
  ['study', runStudy],
  ['model', runModelCommand],
  ['bench', runBench],
  ['payload', runPayload],
]);

/** How the command named is called, or which commands there are. */
function callOf(name: string | undefined): string {
  const lines = name !== undefined && COMMANDS.has(name) ? synopsisOf(name) : [];
  const calls = lines.length > 0 ? lines : [`sealed-qr ${[...COMMANDS.keys()].join('|')} …`];
  return [...calls, `sealed-qr ${lines.length > 0 ? `${name} ` : ''}--help says more.`].join('\n');
}

/** Whether help is asked for: not by what stands after "--", which is a text. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).some((arg) => arg === '--help' || arg === '-h');
}

async function main(all: readonly string[]): Promise<number> {
  const [name, ...args] = all;
  if (asksForHelp(all)) {
    process.stdout.write(`${usageOf(all[0])}\n`);
    return 0;
  }
  if (name === '--version') {
    process.stdout.write(`${manifest.version}\n`);
    return 0;
  }
  try {
    if (name === undefined) throw new UsageError('A command is missing.');
    const command = COMMANDS.get(name);
    if (!command) {
      const kind = name.startsWith('-') ? 'option' : 'command';
      throw unknownName(kind, name, [...COMMANDS.keys(), '--help', '--version']);
    }
    await command(args);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${callOf(name)}\n\n${error.message}\n`);
      return 2;
    }
    const { code, message } = asSealedError(error);
    process.stderr.write(`sealed-qr: ${message} (${code})\n`);
    return error instanceof FileError || code === 'invalid-argument' ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));

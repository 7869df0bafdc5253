// The command line: picks the command, turns errors into exit codes.
import { asSealedError } from '../src/base/errors.ts';
import { runBench } from './bench-command.ts';
import { runModelCommand } from './model-command.ts';
import { runParamsCommand } from './params-command.ts';
import { runPayload } from './payload-command.ts';
import { runStyle } from './style-command.ts';
import { USAGE, UsageError } from './usage.ts';

const COMMANDS: ReadonlyMap<string, (args: readonly string[]) => Promise<void>> = new Map([
  ['params', runParamsCommand],
  ['style', runStyle],
  ['model', runModelCommand],
  ['bench', runBench],
  ['payload', runPayload],
]);

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--help' || name === '-h') {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  try {
    const command = name === undefined ? undefined : COMMANDS.get(name);
    if (!command)
      throw new UsageError(name === undefined ? 'A command is missing.' : `There is no command "${name}".`);
    await command(args);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${USAGE}\n`);
      return 2;
    }
    const { code, message } = asSealedError(error);
    process.stderr.write(`sealed-qr: ${message} (${code})\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));

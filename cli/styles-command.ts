// `sealed-qr styles`: the gallery and what each style costs.
import { cardPath, type StyleCard } from '../src/style/style-card.ts';
import { STYLES } from '../src/style/styles.ts';
import { parseArguments } from './arguments.ts';
import { loadModel } from '../workers/platform/node-local-service.ts';
import { ms, size } from './table.ts';
import { UsageError } from './usage.ts';

interface Listed {
  readonly id: string;
  readonly title: string;
  readonly card: StyleCard;
}

/** Every style with its card. */
async function listStyles(): Promise<Listed[]> {
  const decoder = new TextDecoder();
  return Promise.all(
    STYLES.map(async ({ id, name }) => {
      const text = decoder.decode(await loadModel(cardPath(id)));
      return { id, title: name, card: JSON.parse(text) as StyleCard };
    }),
  );
}

function line({ id, card }: Listed): string {
  const { reads } = card;
  const keys = card.keyBytes === 0 ? 'no key' : `keys ${size(card.keyBytes)}`;
  const read = `read ${reads.zxing} and ${reads.zbar} of ${reads.codes}`;
  const parts = [
    `${card.levels} levels`,
    keys,
    `answer ${size(card.responseBytes)}`,
    ms(card.evaluateMs),
    read,
  ];
  return `${id.padEnd(14)}${parts.join(', ')}\n`;
}

/** Runs the command. @throws UsageError, SealedError */
export async function runStyles(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArguments(args, { json: { type: 'boolean', default: false } });
  if (positionals.length > 0) throw new UsageError('styles takes no text; sealed-qr style draws one.');
  const styles = await listStyles();
  process.stdout.write(values.json ? `${JSON.stringify(styles)}\n` : styles.map(line).join(''));
}

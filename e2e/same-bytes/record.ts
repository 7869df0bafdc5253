// Writes requests, made by the client's code from known seeds, to the folder that the arguments name: `record.ts FOLDER ink-2 …`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { recordedRequest } from '../../fixtures/recorded-request.ts';
import { compiledStyle } from '../../fixtures/same-bytes.ts';
import { styleById } from '../../src/style/styles.ts';
import type { RequestFile } from './request-file.ts';

const [folder, ...names] = process.argv.slice(2);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
mkdirSync(folder, { recursive: true });
for (const name of names) {
  const [style, version] = [name.replace(/-\d+$/, ''), Number(/\d+$/.exec(name)![0])];
  const { model } = styleById(style);
  const bytes = new Uint8Array(readFileSync(resolve(import.meta.dirname, '../../public', model)));
  const { card } = await compiledStyle(style, version, bytes);
  const { keys, inputs } = await recordedRequest(card, name);
  const file: RequestFile = {
    style,
    version,
    model,
    keys: keys ? base64(keys) : null,
    inputs: inputs.map(base64),
  };
  writeFileSync(resolve(folder, `${name}.json`), JSON.stringify(file));
}

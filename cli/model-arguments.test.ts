// Arguments of `sealed-qr model` and `params`: each mistake is named before anything starts.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runModelCommand } from './model-command.ts';
import { readModelArguments } from './model-arguments.ts';
import { runParamsCommand } from './params-command.ts';
import { UsageError } from './usage.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealed-qr-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function refusal(call: Promise<unknown>): Promise<Error> {
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  return error as Error;
}

describe('model', () => {
  it.each<[string, string[], RegExp]>([
    ['no command', [], /model plan/],
    ['an unknown command', ['fly'], /no command "model fly"/],
    ['no file', ['plan'], /model FILE is missing/],
    ['two files', ['plan', 'a.pt', 'b.pt'], /one model file/],
    ['a run without input', ['run', 'a.pt'], /--input FILE is missing/],
    ['an unknown option', ['plan', 'a.pt', '--fast'], /--fast/],
    ['an unknown backend', ['plan', 'a.pt', '--backend', 'gpu'], /--backend must be .*simd.*, not "gpu"/],
    ['a range in words', ['plan', 'a.pt', '--layers', 'all'], /--layers must be a range/],
    ['a refresh in words', ['plan', 'a.pt', '--refresh', '2,x'], /--refresh must be whole numbers/],
    ['no batch', ['plan', 'a.pt', '--batch', '0'], /--batch must be 1 to/],
    ['half an input', ['plan', 'a.pt', '--count', '1.5'], /--count must be 1 to/],
    ['no worker', ['plan', 'a.pt', '--workers', '0'], /--workers must be 1 to 32/],
  ])('refuses %s', async (_, args, message) => {
    expect((await refusal(runModelCommand(args))).message).toMatch(message);
  });

  it('fails with a code on a file that is no model', async () => {
    const file = join(folder, 'none.onnx');
    await writeFile(file, 'nothing');
    await expect(readModelArguments([file], 'plan')).rejects.toMatchObject({ code: 'malformed-model' });
  });
});

describe('params', () => {
  it.each<[string, string[], RegExp]>([
    ['no command', [], /params test/],
    ['an unknown command', ['guess'], /no command "params guess"/],
    ['no file', ['test'], /CONFIG\.json is missing/],
    ['two files', ['test', 'a.json', 'b.json'], /one configuration/],
    ['no thread', ['test', 'a.json', '--threads', '0'], /--threads must be 1 to 32/],
  ])('refuses %s', async (_, args, message) => {
    expect((await refusal(runParamsCommand(args))).message).toMatch(message);
  });

  it('fails with a code on a file that asks for nothing', async () => {
    const file = join(folder, 'empty.json');
    await writeFile(file, '{"model":"a.pt"}');
    await expect(runParamsCommand(['test', file])).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

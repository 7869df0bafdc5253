// Arguments of `sealed-qr model`, `params` and `bench`: each mistake is named before anything starts.
import { describe, expect, it } from 'vitest';
import { runBench } from './bench-command.ts';
import { modelPath } from '../workers/platform/node-local-service.ts';
import { readModelArguments } from './model-arguments.ts';
import { runModelCommand } from './model-command.ts';
import { runParamsCommand } from './params-command.ts';
import { UsageError } from './usage.ts';

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
    [
      'an unknown preference',
      ['plan', 'a.pt', '--prefer', 'fast'],
      /--prefer must be latency, small-keys, bal/,
    ],
    [
      'a range from top to bottom',
      ['plan', 'a.pt', '--input-range', '1,0'],
      /--input-range must be two numbers/,
    ],
    ['half a range', ['plan', 'a.pt', '--input-range', '1,'], /--input-range must be two numbers/],
    [
      'two kinds of ranges',
      ['plan', 'a.pt', '--calibrate', 'b.npy', '--input-range=-1,1'],
      /--calibrate FILE or from --input-range LOW,HIGH, not from both/,
    ],
    ['an error in words', ['run', 'a.pt', '--input', 'b', '--allow-error', 'some'], /--allow-error must be/],
    ['no worker', ['plan', 'a.pt', '--workers', '0'], /--workers must be 1 to 32/],
  ])('refuses %s', async (_, args, message) => {
    expect((await refusal(runModelCommand(args))).message).toMatch(message);
  });

  it('take no ranges from the inputs, which are a person’s: from samples, or the range of an input', async () => {
    const [model, input] = [modelPath('models/digits.onnx'), modelPath('models/digits-input.npy')];
    const read = async (...args: string[]) => {
      const { request } = await readModelArguments([model, '--input', input, ...args], 'run');
      const { calibration, inputRange, prefer, inputs } = request;
      return { samples: calibration?.length, inputRange, prefer, inputs: inputs.length };
    };
    expect(await read()).toEqual({ samples: 0, inputs: 10 });
    expect(await read('--calibrate', input)).toMatchObject({ samples: 10 });
    expect(await read('--input-range=-1,2.5')).toMatchObject({ samples: 0, inputRange: [-1, 2.5] });
    expect(await read('--prefer', 'latency')).toMatchObject({ prefer: 'latency' });
  });

  it.each<[string, string[], RegExp]>([
    ['a command', ['rnu', 'a.pt'], /Did you mean "model run"\?/],
    ['an option', ['plan', 'a.pt', '--inputs', 'b.npy'], /no option "--inputs".* Did you mean "--input"\?/],
    ['an option', ['plan', 'a.pt', '--layer-report'], /Did you mean "--layers-report"\?/],
  ])('names what is nearest to %s that it does not know', async (_, args, message) => {
    expect((await refusal(runModelCommand(args))).message).toMatch(message);
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

  it('names what is nearest to a command or an option that it does not know', async () => {
    expect((await refusal(runParamsCommand(['tset', 'a.json']))).message).toMatch(
      /Did you mean "params test"/,
    );
    expect((await refusal(runParamsCommand(['test', 'a.json', '--thread', '2']))).message).toMatch(
      /Did you mean "--threads"/,
    );
  });
});

describe('bench', () => {
  it.each<[string, string[], RegExp]>([
    ['no benchmark', [], /Say which benchmark: kernel, client or pool/],
    ['an unknown benchmark', ['everything'], /Say which benchmark: kernel, client or pool/],
    ['two benchmarks', ['kernel', 'pool'], /Say which benchmark: kernel, client or pool/],
    ['an unknown part', ['kernel', '--only', 'dreams'], /--only must be .*plans, not "dreams"/],
    ['no pair', ['pool', '--pairs', '0'], /--pairs must be 1 to 999/],
    ['an unknown option', ['pool', '--pair', '1'], /Did you mean "--pairs"/],
  ])('refuses %s', async (_, args, message) => {
    expect((await refusal(runBench(args))).message).toMatch(message);
  });
});

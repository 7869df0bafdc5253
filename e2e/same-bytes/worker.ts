// The worker of the page: one request after the other.
import '../../src/base/dispose-symbols.ts';
import { compiledStyle, madeOf } from '../../fixtures/same-bytes.ts';
import { type Outcome, type Question, requestOf, type RequestFile } from './request-file.ts';

async function answer({
  name,
  counts,
  base,
  kernel,
}: Question & { base: string; kernel: string }): Promise<Outcome> {
  const file = (await (await fetch(`${base}/requests/${name}.json`)).json()) as RequestFile;
  const model = await fetch(`${base}/${file.model}`);
  const compiled = await compiledStyle(file.style, file.version, new Uint8Array(await model.arrayBuffer()));
  return { made: await madeOf(compiled, requestOf(file), kernel, counts) };
}

addEventListener('message', ({ data }: MessageEvent<Parameters<typeof answer>[0]>) => {
  const outcome = answer(data).catch((error: unknown): Outcome => ({ failed: String(error) }));
  void outcome.then((made) => postMessage(made));
});

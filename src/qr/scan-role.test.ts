// A proof that is stopped: it scans no more, and the next one waits for one scan at most.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { scanRequest, textOf } from '../../fixtures/scan-requests.ts';
import { nextTask } from '../base/controls.ts';
import { asSealedError } from '../base/errors.ts';
import { createScanRole } from './scan-role.ts';

const { resolve } = createRequire(import.meta.url);
const role = createScanRole({
  zxing: Uint8Array.from(readFileSync(resolve('zxing-wasm/reader/zxing_reader.wasm'))),
  zbar: Uint8Array.from(readFileSync(resolve('@undecaf/zbar-wasm/dist/zbar.wasm'))),
});
afterEach(() => vi.restoreAllMocks());

// So dark that no strength reads with a margin soon: most of the scans that a proof can have.
const long = scanRequest(textOf(900), [150, 150, 150]);
const short = scanRequest('short');

describe('a proof', () => {
  it('of 900 characters is stopped in its middle, and lets the next one go first', async () => {
    await role.warm();
    const log: string[] = [];
    const controller = new AbortController();
    const begun = Promise.withResolvers<void>();
    const { signal } = controller;
    const stopped = role
      .prove(long, { signal, onProgress: () => begun.resolve() })
      .catch((error: unknown) => log.push(`long ${asSealedError(error).code}`));
    await begun.promise;
    const started = performance.now();
    controller.abort();
    const next = role.prove(short).then(({ proven }) => log.push(`short ${proven ? 'proven' : 'unread'}`));
    await stopped;
    console.info(
      `A proof of 900 characters was heard to stop after ${(performance.now() - started).toFixed(0)} ms.`,
    );
    await next;
    expect(log).toEqual(['long aborted', 'short proven']);
  });

  it('hears the thread’s other messages while it works', async () => {
    let turns = 0;
    let isDone = false;
    const proof = role.prove(long).finally(() => (isDone = true));
    // A stretch of work ends within 40 ms and a scan, so that a proof of hundreds of milliseconds has several.
    while (!isDone) {
      turns += 1;
      await nextTask();
    }
    expect((await proof).verifyMs).toBeGreaterThan(0);
    expect(turns).toBeGreaterThan(2);
  });

  it('that was stopped before it began does not begin', async () => {
    const now = vi.spyOn(performance, 'now');
    await expect(role.prove(short, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
      stage: 'scan',
    });
    expect(now.mock.calls.length).toBeLessThan(4);
  });
});

// What people are told when a file cannot be loaded: which, and why, for each way that it can go wrong.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { compileWasm, fetchBytes, hasSimd, startWasm } from './load-file.ts';

/** The smallest module: its header alone. */
const EMPTY = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

let server: Server;
let origin: string;
beforeAll(async () => {
  server = createServer(({ url }, response) => {
    const wasm = { 'content-type': 'application/wasm' };
    switch (url?.split('?')[0]) {
      case '/good.wasm':
        return void response.writeHead(200, wasm).end(EMPTY);
      case '/untyped.wasm':
        return void response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(EMPTY);
      case '/damaged.wasm':
        return void response.writeHead(200, wasm).end(EMPTY.map((byte, at) => (at === 1 ? 0 : byte)));
      case '/login.wasm':
        return void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Please log in');
      case '/broken-off.wasm':
      case '/broken-off.onnx':
        response.writeHead(200, { ...wasm, 'content-length': 100 });
        return void response.write(EMPTY, () => response.destroy());
      default:
        return void response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const failed = (reason: string, file?: string): object => ({
  code: 'load-failed',
  detail: { reason, ...(file && { file }) },
});

describe('compileWasm', () => {
  it('compiles bytes and files, whatever type the server says they are', async () => {
    for (const source of [EMPTY, EMPTY.buffer, `${origin}/good.wasm`, new URL(`${origin}/untyped.wasm`)]) {
      expect(await compileWasm(source, 'The kernel')).toBeInstanceOf(WebAssembly.Module);
    }
  });

  it.each([
    [
      'missing.wasm',
      'refused',
      'The kernel (missing.wasm) could not be loaded: the server answered with HTTP status 404',
    ],
    ['damaged.wasm', 'damaged', 'what arrived is not the file'],
    ['login.wasm', 'damaged', 'the login page of a network'],
    ['broken-off.wasm', 'unreachable', 'no full answer came'],
  ])('says what is wrong with %s', async (file, reason, text) => {
    const outcome = compileWasm(`${origin}/${file}?v=1`, 'The kernel');
    await expect(outcome).rejects.toMatchObject(failed(reason, file));
    await expect(outcome).rejects.toThrow(text);
  });

  it('tells a file that is blocked from a device that is offline', async () => {
    // As a browser answers to a request that an extension or a policy blocks.
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    const blocked = compileWasm(`${origin}/good.wasm`, 'The kernel');
    await expect(blocked).rejects.toMatchObject(failed('unreachable', 'good.wasm'));
    await expect(blocked).rejects.toThrow('a browser extension may block the file');
    vi.stubGlobal('navigator', { onLine: false });
    const offline = compileWasm(`${origin}/good.wasm`, 'The kernel');
    await expect(offline).rejects.toMatchObject(failed('offline', 'good.wasm'));
    await expect(offline).rejects.toThrow('this device is offline');
  });

  it('speaks of old browsers where the browser is old, and fetches nothing in vain', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch');
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    const old = compileWasm(`${origin}/good.wasm`, 'The kernel');
    await expect(old).rejects.toMatchObject(failed('unsupported', 'good.wasm'));
    await expect(old).rejects.toThrow('a browser of 2025 or later');
    expect(hasSimd()).toBe(false);
    vi.stubGlobal('WebAssembly', undefined);
    await expect(compileWasm(EMPTY, 'The kernel')).rejects.toMatchObject(failed('unsupported'));
    expect(fetched).not.toHaveBeenCalled();
  });
});

describe('fetchBytes', () => {
  it('gives the bytes, or says why not', async () => {
    expect(await fetchBytes(`${origin}/good.wasm`, 'The network')).toEqual(EMPTY);
    const missing = fetchBytes(`${origin}/models/none.onnx`, 'The network');
    await expect(missing).rejects.toMatchObject(failed('refused', 'none.onnx'));
    const broken = fetchBytes(`${origin}/broken-off.onnx`, 'The network');
    await expect(broken).rejects.toMatchObject(failed('unreachable', 'broken-off.onnx'));
  });
});

describe('startWasm', () => {
  it('hands a loader the compiled module, and its caller the instance', async () => {
    const seen: WebAssembly.Instance[] = [];
    const started = startWasm(
      EMPTY,
      'The kernel',
      (wasm) =>
        new Promise<WebAssembly.Instance>(
          (resolve) => void wasm!.instantiateWasm({}, (instance) => resolve(instance)),
        ),
      (instance) => seen.push(instance),
    );
    expect(await started).toBe(seen[0]);
  });

  it('does not wait for a loader whose module could not be started', async () => {
    // Imports what nobody gives it: module "", field "", a function.
    const wanting = Uint8Array.of(...EMPTY, 1, 4, 1, 96, 0, 0, 2, 5, 1, 0, 0, 0, 0);
    const waiting = startWasm(wanting, 'The kernel', (wasm) => {
      wasm!.instantiateWasm({ '': {} }, () => undefined);
      return new Promise<never>(() => undefined);
    });
    await expect(waiting).rejects.toMatchObject(failed('damaged'));
  });

  it('passes on why a loader failed', async () => {
    const full = startWasm(undefined, 'The kernel', () => Promise.reject(new RangeError('out of memory')));
    await expect(full).rejects.toMatchObject(failed('not-started'));
    await expect(full).rejects.toThrow('did not start: out of memory');
  });
});

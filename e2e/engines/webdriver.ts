// A W3C WebDriver session over HTTP (https://www.w3.org/TR/webdriver2/): the few commands that an engine needs.

import { HANG, type Point, until } from './engine.ts';

/** WebDriver's code of the Control key. */
const CONTROL = '\uE009';

/** Sends one command. @throws Error with the driver's words */
async function send(address: string, method: string, body?: object): Promise<unknown> {
  const response = await fetch(address, {
    method,
    signal: AbortSignal.timeout(HANG),
    ...(body && { body: JSON.stringify(body) }),
  });
  const { value } = (await response.json()) as { value: unknown };
  if (response.ok) return value;
  const { error, message } = value as { error: string; message: string };
  throw new Error(`WebDriver says "${error}": ${message}`);
}

/** A session with one window. */
export interface WebDriverSession {
  /** The browser's version. */
  readonly version: string;
  open(address: string): Promise<void>;
  execute(script: string, args: readonly unknown[]): Promise<unknown>;
  click(point: Point): Promise<void>;
  type(text: string): Promise<void>;
  paste(): Promise<void>;
  screenshot(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Waits for the driver on `port` of this machine and opens a session with `capabilities`, in a window of 1300 × 1000. */
export async function openSession(port: number, capabilities: object): Promise<WebDriverSession> {
  const driver = `http://127.0.0.1:${port}`;
  await until('the WebDriver', () => send(`${driver}/status`, 'GET').catch(() => undefined));
  const created = (await send(`${driver}/session`, 'POST', {
    capabilities: { alwaysMatch: capabilities },
  })) as { sessionId: string; capabilities: { browserVersion: string } };
  const session = `${driver}/session/${created.sessionId}`;
  const post = (command: string, body: object): Promise<unknown> =>
    send(`${session}/${command}`, 'POST', body);
  const keys = (actions: readonly object[]): Promise<unknown> =>
    post('actions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
  const key = (type: 'keyDown' | 'keyUp', value: string): object => ({ type, value });

  await post('timeouts', { script: HANG, pageLoad: HANG });
  await post('window/rect', { width: 1300, height: 1000 });
  return {
    version: created.capabilities.browserVersion,
    open: async (address) => void (await post('url', { url: address })),
    execute: (script, args) => post('execute/sync', { script, args }),
    async click({ x, y }) {
      await post('actions', {
        actions: [
          {
            type: 'pointer',
            id: 'mouse',
            parameters: { pointerType: 'mouse' },
            actions: [
              { type: 'pointerMove', duration: 0, x: Math.round(x), y: Math.round(y), origin: 'viewport' },
              { type: 'pointerDown', button: 0 },
              { type: 'pointerUp', button: 0 },
            ],
          },
        ],
      });
    },
    async type(text) {
      for (const character of text) await keys([key('keyDown', character), key('keyUp', character)]);
    },
    async paste() {
      await keys([key('keyDown', CONTROL), key('keyDown', 'v'), key('keyUp', 'v'), key('keyUp', CONTROL)]);
    },
    screenshot: async () =>
      Uint8Array.from(Buffer.from((await send(`${session}/screenshot`, 'GET')) as string, 'base64')),
    close: async () => void (await send(session, 'DELETE')),
  };
}

// Signals and progress across a worker boundary: the last argument of a call becomes a port of its own.
import * as Comlink from 'comlink';
import type { Controls } from '../src/base/controls.ts';

/** What stands in the place of controls on the wire. */
interface WireControls {
  readonly controlsPort: MessagePort;
}

/** Arguments made ready to cross, and what to call when the call has ended. */
export interface Crossing {
  readonly args: unknown[];
  readonly end: () => void;
}

function isControls(value: unknown): value is Controls {
  if (typeof value !== 'object' || value === null) return false;
  const { signal, onProgress } = value as Controls;
  return signal instanceof AbortSignal || typeof onProgress === 'function';
}

/** A port must not keep a Node process alive. */
function listen(port: MessagePort, onMessage: (data: unknown) => void): void {
  port.onmessage = ({ data }: MessageEvent<unknown>) => onMessage(data);
  (port as Partial<{ unref: () => void }>).unref?.();
}

/** The caller's side: aborts go out over the port, progress comes in. */
export function crossControls(args: readonly unknown[]): Crossing {
  const controls = args.at(-1);
  if (!isControls(controls)) return { args: [...args], end: () => undefined };
  const { signal, onProgress } = controls;
  const { port1, port2 } = new MessageChannel();
  const abort = (): void => port1.postMessage('abort');
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  listen(port1, (progress) => onProgress?.(progress));
  const wire: WireControls = { controlsPort: port2 };
  return {
    args: [...args.slice(0, -1), Comlink.transfer(wire, [port2])],
    end: () => {
      signal?.removeEventListener('abort', abort);
      port1.close();
    },
  };
}

/** The worker's side of {@link crossControls}: controls again in the place of their port. */
export function receiveControls(args: readonly unknown[]): Crossing {
  const port = (args.at(-1) as Partial<WireControls> | null | undefined)?.controlsPort;
  if (!(port instanceof MessagePort)) return { args: [...args], end: () => undefined };
  const controller = new AbortController();
  listen(port, () => controller.abort());
  const controls: Controls = {
    signal: controller.signal,
    onProgress: (progress) => port.postMessage(progress),
  };
  return { args: [...args.slice(0, -1), controls], end: () => port.close() };
}

// What the client worker tries on itself before it makes a key: whether it could make code of text, reach an address, or
// draw its randomness from a source that is not the browser's.
import { SealedError } from '../src/base/errors.ts';

/** What a host has to set up, for whoever runs one. */
const ADVICE =
  'Whoever runs this page must serve it as it was built, with its content security policy (docs/hosting). No keys are made.';

/** Whether text becomes code. */
function evaluates(): boolean {
  try {
    // eslint-disable-next-line no-eval -- it must fail here
    return globalThis.eval('1') === 1;
  } catch {
    return false;
  }
}

/** Whether an address answers that `connect-src 'self'` refuses. It is in this worker's memory: no network is needed. */
async function reaches(): Promise<boolean> {
  const address = URL.createObjectURL(new Blob(['']));
  try {
    await fetch(address);
    return true;
  } catch {
    return false;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Whether `crypto.getRandomValues` is the browser's own; a function that was bound or wrapped has another name. */
function drawsNatively(): boolean {
  const source = Function.prototype.toString.call(Reflect.get(globalThis.crypto, 'getRandomValues'));
  return /^function getRandomValues\(\)\s*\{\s*\[native code\]\s*\}$/.test(source);
}

/**
 * Settles when the worker has been tried.
 * @throws SealedError `unprotected` where a content security policy does not hold in it, or its randomness was replaced
 */
export async function tryProtection(): Promise<void> {
  const failed = [
    ...(evaluates() ? ['it could make code of text'] : []),
    ...((await reaches()) ? ['it could reach any address'] : []),
    ...(drawsNatively() ? [] : ['its random numbers are not the browser’s own']),
  ];
  if (failed.length === 0) return;
  const message = `The worker that makes the keys is not protected: ${failed.join(', ')}. ${ADVICE}`;
  throw new SealedError('unprotected', message, { stage: 'worker' });
}

/**
 * `role`, whose every method waits for `protection` and fails as it does.
 * @param protection what {@link tryProtection} has returned
 */
export function onceProtected<Role extends object>(role: Role, protection: Promise<void>): Role {
  // Who asks is told; that nobody has asked yet is no failure of its own.
  protection.catch(() => undefined);
  const guarded = Object.create(null) as Record<string, unknown>;
  for (const [name, method] of Object.entries(role) as [string, (...args: unknown[]) => unknown][]) {
    guarded[name] = async (...args: unknown[]) => {
      await protection;
      return method(...args);
    };
  }
  return Object.freeze(guarded) as Role;
}

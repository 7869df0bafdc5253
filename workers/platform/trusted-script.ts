// The page's one way to turn a text into a worker's script: its policy has engines refuse every other (Trusted Types).

/** What an engine that knows Trusted Types gives; TypeScript's own types of it come with none yet. */
interface ScriptPolicy {
  createScriptURL(address: string): string;
}

interface PolicyFactory {
  createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy;
}

let policy: ScriptPolicy | undefined;

/** @throws TypeError for an address of another origin: the site's own scripts alone are started, from memory or from a file */
function ownAddress(address: string): string {
  if (new URL(address, location.href).origin !== globalThis.origin) {
    throw new TypeError('A worker’s script comes from this site alone.');
  }
  return address;
}

/**
 * `address` as `new Worker` takes it here: a TrustedScriptURL where the engine has such. The policy is called `sealed-qr`,
 * which a page that has a `trusted-types` directive must allow (scripts/policy.ts).
 */
export function trustedScript(address: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: PolicyFactory };
  policy ??= trustedTypes?.createPolicy('sealed-qr', { createScriptURL: ownAddress });
  return policy ? policy.createScriptURL(address) : address;
}

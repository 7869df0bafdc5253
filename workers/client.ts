// The client worker: keys, encryption, decryption. Imports the client role and nothing of the server's.
import '../src/base/dispose-symbols.ts';
import { createClientRole } from '../src/client/client-role.ts';
import { serve } from './endpoint.ts';
import { freezeIntrinsics } from './hardening.ts';
import { onceProtected, tryProtection } from './self-test.ts';

// Node has no such policy, and the page's own threads alone; the dev server's page goes without one (vite.config.ts).
const isTried = globalThis.workerEndpoint === undefined && !import.meta.env.DEV;
const protection = isTried ? tryProtection() : Promise.resolve();

serve((setup) => onceProtected(createClientRole(setup['seal']), protection));
freezeIntrinsics();

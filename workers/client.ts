// The client worker: keys, encryption, decryption. Imports the client role and nothing of the server's.
import '../src/base/dispose-symbols.ts';
import { createClientRole } from '../src/client/client-role.ts';
import { serve } from './endpoint.ts';
import { freezeIntrinsics } from './hardening.ts';
import { onceProtected, tryProtection } from './self-test.ts';

// Tried before the intrinsics are frozen, and asked for by pages that have a policy. Node has none.
const protection = globalThis.workerEndpoint === undefined ? tryProtection() : Promise.resolve();
protection.catch(() => undefined);

serve(({ seal, kernel, protected: isRequired }) =>
  onceProtected(createClientRole({ seal, kernel }), isRequired ? protection : Promise.resolve()),
);
freezeIntrinsics();

// The client worker: keys, encryption, decryption. Imports the client role and nothing of the server's.
import '../src/base/dispose-symbols.ts';
import { createClientRole } from '../src/client/client-role.ts';
import { serve } from './endpoint.ts';

serve((setup) => createClientRole({ seal: setup['seal'], kernel: setup['kernel'] }));

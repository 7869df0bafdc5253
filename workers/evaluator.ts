// A server worker: its share of a plan, on ciphertexts. Cannot reach the client role.
import '../src/base/dispose-symbols.ts';
import { createServerRole } from '../src/server/server-role.ts';
import { serve } from './endpoint.ts';

serve((setup) => createServerRole({ seal: setup['seal'], kernel: setup['kernel'] }));

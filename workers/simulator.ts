// The simulation worker: plans on plaintext slots. No part of the protocol.
import '../src/base/dispose-symbols.ts';
import { createSimulator } from '../src/server/simulator.ts';
import { serve } from './endpoint.ts';

serve(() => createSimulator());

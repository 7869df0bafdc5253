// The simulation worker: plans on plaintext slots. No part of the protocol.
import { createSimulator } from '../src/server/simulator.ts';
import { serve } from './endpoint.ts';

serve(() => createSimulator());

// The contract of the simulator: a plan on plaintext slots, rounded as the scheme rounds. No role of the protocol.
import type { Controls } from '../base/controls.ts';
import type { SegmentInterface } from '../plan/client-interface.ts';
import type { Simulation } from './service.ts';

/** The simulator in a thread of its own. */
export interface SimulatorRole {
  /**
   * What an encoded plan makes of `values`: up to a batch of inputs, one after the other in C order; as many outputs.
   * @throws SealedError `malformed-frame`, `plan-rejected` or `aborted`
   */
  simulate(
    plan: Uint8Array,
    segment: SegmentInterface,
    values: Float32Array,
    inputs: number,
    controls?: Controls,
  ): Promise<Simulation>;
}

// The card: what a service tells a client about one way to run one of its models. Public, and hostile input to a client.
import type { ClientInterface } from '../plan/client-interface.ts';
import type { ServerBackendName } from './backends.ts';

/** SHA-256 in lower-case hexadecimal. */
export type Sha256 = string;

/** A client interface bound to the model, the plan and the backend that it is for. Its name is the SHA-256 of its bytes. */
export interface Card extends ClientInterface {
  /** Id by which the service knows the model. */
  readonly model: string;
  /** Of the model's file. */
  readonly modelHash: Sha256;
  /** Of the encoded plan, which stays private. */
  readonly planHash: Sha256;
  /** `seal` and `simd` compute different bytes by nature. */
  readonly backend: ServerBackendName;
}

// What a plan may take, as whoever asks for one says it.

/** The most that a plan may take; what is not given is not limited, but for the memory, which is 1 GB. */
export interface PlanLimits {
  /** Bytes of an evaluator's memory: keys, encoded weights, ciphertexts. */
  readonly memoryBytes?: number | undefined;
  /** Bytes of evaluation keys on the wire. */
  readonly keyBytes?: number | undefined;
  /** Milliseconds of one evaluation of a full batch on one thread, per input, by typical costs. */
  readonly evaluateMs?: number | undefined;
  /** Times that the client must answer before the result. */
  readonly rounds?: number | undefined;
  /** Bound of the error of any output. */
  readonly error?: number | undefined;
}

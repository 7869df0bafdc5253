// The saboteur's gate: it lets everything out, so that the canary is tried on what the honest gate would have stopped.

/** Passes all. */
export class OutgoingGate {
  async passKeys(): Promise<void> {}
  async passRequest(): Promise<void> {}
}

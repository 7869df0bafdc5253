// The press of a button that starts work by sending its form, and stops the work while there is some.

/** What the press is about. */
export interface Stoppable {
  /** Whether there is something to stop. */
  readonly isBusy: boolean;
  readonly stop: () => void;
}

/**
 * Stops what is under way, and keeps the press from sending the form. A Stop that went by way of the form would be lost
 * where browsers send none: while a field of it is not valid, and inside the submission that has begun the work (HTML,
 * section 4.10.22.3, "firing submission events").
 * @returns whether the press was a Stop
 */
export function stopPress(event: Pick<Event, 'preventDefault'>, { isBusy, stop }: Stoppable): boolean {
  if (!isBusy) return false;
  // Before the stop: the button is a start again as soon as the work has ended, and the press must not be one.
  event.preventDefault();
  stop();
  return true;
}

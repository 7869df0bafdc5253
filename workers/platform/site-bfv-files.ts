// Where the site has the tester of BFV sets, which the lab alone starts.
import bfvScript from '../bfv.ts?worker&url';

/** The absolute address of the worker's script. */
export function bfvScriptUrl(): string {
  return new URL(bfvScript, location.href).href;
}

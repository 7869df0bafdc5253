// Payload: a place on the map.
import { invalidPayload } from './invalid.ts';

/** A place, in degrees of WGS 84. */
export interface GeoPayload {
  readonly kind: 'geo';
  readonly latitude: number;
  readonly longitude: number;
}

/** A `geo:` address (RFC 5870) with at most six decimals, a tenth of a metre. Throws `invalid-argument` off the globe. */
export function buildGeo({ latitude, longitude }: GeoPayload): string {
  if (!(Math.abs(latitude) <= 90)) throw invalidPayload('The latitude lies between -90 and 90 degrees.');
  if (!(Math.abs(longitude) <= 180)) throw invalidPayload('The longitude lies between -180 and 180 degrees.');
  // toFixed and back: no exponents and no trailing zeros.
  return `geo:${Number(latitude.toFixed(6))},${Number(longitude.toFixed(6))}`;
}

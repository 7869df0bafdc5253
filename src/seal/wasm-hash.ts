// Which build of Microsoft SEAL this project computes with.

/** SHA-256 of node-seal's `seal_throws.wasm`; a test holds it against the installed file. */
export const SEAL_WASM_SHA256 = 'b30d3776265a56373a2001d2cd48baa8d72ddd571e04ddfaefd4c231271170e4';

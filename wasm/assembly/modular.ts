// Scalar arithmetic modulo a prime below 2^30: used while tables are made, never in an inner loop.

/** a b mod p, for a and b below 2^32. */
export function multiplyMod(a: u32, b: u32, p: u32): u32 {
  return <u32>((<u64>a * <u64>b) % <u64>p);
}

/** base^exponent mod p. */
export function powerMod(base: u32, exponent: u32, p: u32): u32 {
  let result: u32 = 1;
  let square = base % p;
  for (let e = exponent; e != 0; e >>= 1) {
    if (e & 1) result = multiplyMod(result, square, p);
    square = multiplyMod(square, square, p);
  }
  return result;
}

/** a^-1 mod p, for p prime and a not divisible by p (Fermat). */
export function invertMod(a: u32, p: u32): u32 {
  return powerMod(a % p, p - 2, p);
}

/** floor(w 2^32 / p): the Shoup quotient of w. */
export function shoupQuotient(w: u32, p: u32): u32 {
  return <u32>(((<u64>w) << 32) / <u64>p);
}

/** p^-1 mod 2^32 for odd p, by Newton's iteration. */
export function invertWord(p: u32): u32 {
  let x: u32 = p;
  for (let i = 0; i < 5; i++) x *= 2 - p * x;
  return x;
}

/** The low `bits` bits of a value that has no others, in reverse order. */
export function reverseBits(value: u32, bits: u32): u32 {
  let x = ((value >> 1) & 0x55555555) | ((value & 0x55555555) << 1);
  x = ((x >> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  return bswap<u32>(x) >> (32 - bits);
}

/** Miller-Rabin with the bases 2, 3, 5, 7, which decide every number below 3.2 * 10^9. */
export function isPrime(n: u32): bool {
  if (n < 11) return n == 2 || n == 3 || n == 5 || n == 7;
  if ((n & 1) == 0) return false;
  let odd = n - 1;
  let twos: u32 = 0;
  while ((odd & 1) == 0) {
    odd >>= 1;
    twos++;
  }
  for (let b: u32 = 2; b <= 7; b++) {
    if (b == 4 || b == 6) continue;
    if (n == b) return true;
    let x = powerMod(b, odd, n);
    if (x == 1 || x == n - 1) continue;
    let composite = true;
    for (let r: u32 = 1; r < twos && composite; r++) {
      x = multiplyMod(x, x, n);
      if (x == n - 1) composite = false;
    }
    if (composite) return false;
  }
  return true;
}

/** The smallest primitive 2N-th root of unity mod p, as SEAL chooses it (try_minimal_primitive_root); 0 if none. */
export function minimalRoot(p: u32, logN: u32): u32 {
  const order = (<u32>2) << logN;
  if ((p - 1) % order != 0) return 0;
  let root: u32 = 0;
  for (let candidate: u32 = 2; root == 0; candidate++) {
    const r = powerMod(candidate, (p - 1) / order, p);
    if (powerMod(r, order >> 1, p) == p - 1) root = r;
  }
  const square = multiplyMod(root, root, p);
  let power = root;
  let smallest = root;
  for (let i: u32 = 1; i < order >> 1; i++) {
    power = multiplyMod(power, square, p);
    if (power < smallest) smallest = power;
  }
  return smallest;
}

import { murmur2 } from "./murmur2.ts"

/** Neither is the partitioner's seed: keys of one partition share the low bits of that hash. */
const HIGH_SEED = 0x3c6ef372
const LOW_SEED = 0x1b873593

/**
 * Names `key` where the key itself is not at hand: a 53-bit positive integer, never 0, which stands for "no key".
 * Two keys may share a hash, so equal hashes only mean that the keys have to be treated, or compared, as one.
 */
export function keyHash(key: Uint8Array): number {
  const high = murmur2(key, HIGH_SEED) >>> 11
  const low = murmur2(key, LOW_SEED) >>> 0
  return high * 0x1_0000_0000 + low || 1
}

/** The seed of Kafka's default partitioner. */
const KAFKA_SEED = 0x9747b28c
const M = 0x5bd1e995

/** Kafka's murmur2 of `bytes`, as the signed 32-bit integer that its Java client computes. */
export function murmur2(bytes: Uint8Array, seed = KAFKA_SEED): number {
  const length = bytes.length
  const whole = length & ~3
  let hash = seed ^ length
  for (let at = 0; at < whole; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    word = Math.imul(word, M)
    word = Math.imul(word ^ (word >>> 24), M)
    hash = Math.imul(hash, M) ^ word
  }
  if (whole < length) {
    if (length - whole > 2) hash ^= bytes[whole + 2]! << 16
    if (length - whole > 1) hash ^= bytes[whole + 1]! << 8
    hash = Math.imul(hash ^ bytes[whole]!, M)
  }
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}

/** The partition that Kafka's default partitioner gives `key` among `partitions`. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

interface Address {
  readonly bits: 32 | 128
  readonly value: bigint
}

/** Whether `address` lies in `range`, an address or CIDR block of the same family; null where either is none. */
export function isInRange(address: string, range: string): boolean | null {
  const [network = "", length, ...rest] = range.split("/")
  const [asked, base] = [parseAddress(address), parseAddress(network)]
  if (asked === null || base === null || rest.length > 0) return null
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return null
  const prefix = length === undefined ? base.bits : Number(length)
  if (prefix > base.bits) return null
  const hostBits = BigInt(base.bits - prefix)
  return asked.bits === base.bits && asked.value >> hostBits === base.value >> hostBits
}

function parseAddress(text: string): Address | null {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text)
}

function parseIpv4(text: string): Address | null {
  const parts = text.split(".")
  const isAddress = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)
  return isAddress ? { bits: 32, value: joined(parts.map(Number), 8) } : null
}

function parseIpv6(text: string): Address | null {
  const [head = "", tail, ...rest] = text.split("::")
  if (rest.length > 0) return null
  const [first, last] = [groupsOf(head), groupsOf(tail ?? "")]
  const missing = 8 - first.length - last.length
  if (tail === undefined ? missing !== 0 : missing < 1) return null
  const groups = [...first, ...Array.from({ length: missing }, () => "0"), ...last]
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return null
  return {
    bits: 128,
    value: joined(
      groups.map((group) => Number.parseInt(group, 16)),
      16,
    ),
  }
}

function groupsOf(text: string): readonly string[] {
  return text === "" ? [] : text.split(":")
}

function joined(parts: readonly number[], bits: number): bigint {
  return parts.reduce((value, part) => (value << BigInt(bits)) | BigInt(part), 0n)
}

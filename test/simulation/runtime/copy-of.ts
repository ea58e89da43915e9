/**
 * A copy of what goes over a call: plain values, lists, objects and bytes. Anything else throws, as the platform does
 * for what it can't carry.
 */
export function copyOf<T>(value: T): T
export function copyOf(value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw new TypeError(`a ${typeof value} can't be sent`)
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map((each: unknown) => copyOf(each))
  // not the buffer behind it, which may hold much else
  if (value instanceof Uint8Array) return value.slice()
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError("it can't be sent with its class")
  const copy: Record<string, unknown> = {}
  for (const name in value) copy[name] = copyOf((value as Record<string, unknown>)[name])
  return copy
}

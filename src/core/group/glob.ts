/** Whether `name` matches a pattern, in which `*` stands for any characters and nothing else is special. Linear in both. */
export function matchesPattern(pattern: string, name: string): boolean {
  return compilePattern(pattern)(name)
}

/** `matchesPattern` for many names. */
export function compilePattern(pattern: string): (name: string) => boolean {
  const [prefix = "", ...rest] = pattern.split("*")
  const suffix = rest.pop()
  if (suffix === undefined) return (name) => pattern === name
  return (name) => matchesParts(name, prefix, rest, suffix)
}

function matchesParts(name: string, prefix: string, rest: readonly string[], suffix: string): boolean {
  if (name.length < prefix.length + suffix.length || !name.startsWith(prefix) || !name.endsWith(suffix)) return false
  // each part at its first place leaves the most room for those behind it
  let from = prefix.length
  const to = name.length - suffix.length
  for (const part of rest) {
    const at = name.indexOf(part, from)
    if (at < 0 || at + part.length > to) return false
    from = at + part.length
  }
  return true
}

/** What every name begins with that matches. */
export function literalPrefix(pattern: string): string {
  return pattern.split("*", 1)[0]!
}

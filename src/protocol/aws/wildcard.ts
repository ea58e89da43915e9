/**
 * Whether `text` matches `pattern`, in which `*` stands for any characters and `?` for one. Takes time in proportion
 * to the product of both lengths at worst, for it goes back to the last `*` only.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let [at, from] = [0, 0]
  let [star, resumeAt] = [-1, 0]
  while (at < text.length) {
    const wanted = pattern[from]
    if (wanted === "*") {
      star = from++
      resumeAt = at
    } else if (wanted === "?" || wanted === text[at]) {
      from++
      at++
    } else if (star >= 0) {
      from = star + 1
      at = ++resumeAt
    } else return false
  }
  while (pattern[from] === "*") from++
  return from === pattern.length
}

import { PAGE_OFFSETS } from "../limits.ts"
import type { ByKey } from "./by-key.ts"
import type { DeliveryState } from "./state.ts"
import type { LogView } from "./types.ts"

/** Makes the window reach up to `end`, with nothing leased by it. Reads key hashes, not in standard mode. */
export function cover(state: DeliveryState, end: number, log: LogView): void {
  const { window, byKey } = state
  const { gaps } = log
  while (window.end < end) {
    if (gaps) window.pass(Math.min(end, gaps.firstFrom(window.end)))
    const from = window.end
    if (from === end) return
    const upTo = gaps ? Math.min(end, gaps.endOfRun(from)) : end
    const to = Math.min(upTo, (Math.floor(from / PAGE_OFFSETS) + 1) * PAGE_OFFSETS)
    const hashes = byKey ? log.keyHashes(from, to) : null
    window.extend(to, hashes)
    if (byKey) addAll(byKey, from, hashes!)
    window.pages.chillBeyond()
  }
}

function addAll(byKey: ByKey, from: number, hashes: ArrayLike<number>): void {
  for (let index = 0; index < hashes.length; index++) byKey.add(from + index, hashes[index]!)
}

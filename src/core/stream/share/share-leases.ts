import type { Leases } from "../../delivery/leases.ts"
import { releaseConsumer, releaseOthers } from "../../delivery/settle.ts"
import type { Share } from "./share.ts"

/** Who holds locks in a group. */
export function leasesOf({ delivery }: Share): Leases {
  return delivery.window.leases
}

/** Gives back what a subscription holds in any of the groups, without fault. */
export function giveBackIn(shares: Iterable<Share>, holder: number, now: number): void {
  for (const share of shares) if (leasesOf(share).has(holder)) releaseConsumer(share.delivery, holder, now)
}

/** Likewise what it holds beyond `kept`, attempts by offset; answers how much it keeps. */
export function giveBackOthersIn(
  shares: Iterable<Share>,
  holder: number,
  kept: ReadonlyMap<number, number>,
  now: number,
): number {
  let held = 0
  for (const share of shares) {
    if (!leasesOf(share).has(holder)) continue
    // what has run out counts as a delivery, whoever comes for it
    share.expire(now)
    releaseOthers(share.delivery, holder, kept, now)
    held += leasesOf(share).heldBy(holder, 0)
  }
  return held
}

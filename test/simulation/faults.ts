/** What a wiring may do wrong, each a way to break a promise; planted to see that the simulation notices. */
export const FAULTS = [
  /** The new owner hears of its partition while the old one is still served. */
  "told before the grant",
  /** A grant is answered and not done. */
  "grant without fence",
  /** Whoever commits is taken for the owner. */
  "commit without owner check",
  /** What was added is read before the old partitions are drained. */
  "limit ignored",
  /** A partition that was added begins behind what came in before it was noticed. */
  "new partitions begin at their end",
  /** A member out of its session keeps its partitions. */
  "sessions never end",
] as const

export type Fault = (typeof FAULTS)[number]

/** What may go wrong with a share group. */
export const SHARE_FAULTS = [
  /** Records are delivered as often as it takes. */
  "deliveries without limit",
  /** An acknowledgement is answered, and the record is still to be done. */
  "acknowledgement forgotten",
  /** A record is somebody else's while its lock lasts. */
  "locks end early",
  /** Records of a key are handed out side by side. */
  "keys out of order",
  /** A receipt of an earlier delivery settles a later one. */
  "attempts not compared",
] as const

export type ShareFault = (typeof SHARE_FAULTS)[number]

import { checkDeadLetters } from "./dead-letters.ts"
import { checkDeliveredAfterAck } from "./delivered-after-ack.ts"
import { checkDuplicates } from "./duplicates.ts"
import { checkFencedCommits } from "./fenced-commits.ts"
import type { History } from "./history.ts"
import { checkLeasedTwice } from "./leased-twice.ts"
import { checkLost } from "./lost.ts"
import { checkOffsets } from "./offsets.ts"
import { checkOrder } from "./order.ts"
import { checkPhantom } from "./phantom.ts"
import type { Promises, Violation } from "./promises.ts"
import { checkRedeliveryTimes } from "./redelivery-times.ts"
import { checkRetention } from "./retention.ts"
import { checkUnseenRecords } from "./unseen-records.ts"

const CHECKERS = [
  checkLost,
  checkPhantom,
  checkDeliveredAfterAck,
  checkLeasedTwice,
  checkRedeliveryTimes,
  checkOrder,
  checkDuplicates,
  checkDeadLetters,
  checkOffsets,
  checkUnseenRecords,
  checkFencedCommits,
  checkRetention,
]

/** All promises that a history shows to be broken, by the time of what broke them. */
export function checkHistory(history: History, promises: Promises): Violation[] {
  return CHECKERS.flatMap((checker) => checker(history, promises)).sort((one, other) => one.at - other.at)
}

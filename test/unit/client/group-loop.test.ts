import { expect, test } from "vitest"
import { GroupLoop } from "../../../src/client/consume/group-loop.ts"
import type { GroupMember } from "../../../src/client/consume/group-member.ts"
import type { OwnedPartition } from "../../../src/client/consume/owned-partition.ts"
import { Turns } from "../../../src/client/consume/partition-reader.ts"
import type { TopicRecord } from "../../../src/client/consume/records.ts"
import { Wakeup } from "../../../src/client/consume/wakeup.ts"
import { settled } from "./script.ts"

test("[W40] a record whose partition is lost while it is decoded is not given out", async () => {
  const waiting = [0, 1].map((offset) => ({ offset }))
  const partition = { isReady: true, isOver: false, take: () => waiting.shift() } as unknown as OwnedPartition
  const partitions = [partition]
  const member = { partitions, changed: new Wakeup(), failure: null } as unknown as GroupMember
  let give!: (record: TopicRecord<string, string>) => void
  const read = () => new Promise<TopicRecord<string, string>>((resolve) => (give = resolve))
  let isOver = false
  const loop = new GroupLoop(member, { turns: new Turns(), read, isOver: () => isOver })
  const next = loop.next()
  partition.isOver = true
  partitions.length = 0
  give({ offset: 0 } as TopicRecord<string, string>)
  await settled()
  isOver = true
  member.changed.wake()
  expect(await next).toBe(null)
})

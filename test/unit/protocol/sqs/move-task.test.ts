import { describe, expect, it } from "vitest"
import type { Redrive } from "../../../../src/core/queue/operator/commands.ts"
import {
  moveTaskOf,
  parseMoveTask,
  parseMoveTaskList,
  parseTaskHandle,
  taskHandle,
  taskIdOf,
} from "../../../../src/protocol/sqs/move-task.ts"

const arnOf = (queue: string): string => `arn:aws:sqs:eu-west-3:000000000000:${queue}`
const DEAD = { name: "dead", incarnation: 17 }

const RUNNING: Redrive = {
  queue: null,
  filter: { reason: null, header: null, groupId: null, sentAfter: null, sentBefore: null },
  maxMessagesPerSecond: null,
  no: 3,
  state: "running",
  offset: 100,
  endOffset: 130,
  moved: 5,
  skipped: 2,
  sourceless: 1,
  messages: 20,
  startedAt: 1_700_000_000_000,
  updatedAt: 1_700_000_000_001,
}

describe("a task", () => {
  it("[X53] has a handle while it runs", () => {
    const task = moveTaskOf(RUNNING, DEAD, arnOf)
    expect(task).toEqual({
      Status: "RUNNING",
      SourceArn: arnOf("dead"),
      ApproximateNumberOfMessagesMoved: 5,
      ApproximateNumberOfMessagesToMove: 20,
      StartedTimestamp: 1_700_000_000_000,
      TaskHandle: taskHandle(taskIdOf({ incarnation: 17, no: 3 }), arnOf("dead")),
    })
    expect(parseTaskHandle(task.TaskHandle!)).toEqual({
      ok: true,
      value: { source: "dead", taskId: "00000000-0011-8000-8000-000000000003" },
    })
  })

  it("[X53] says where to and how fast, where that was said", () => {
    const task = moveTaskOf({ ...RUNNING, queue: "target", maxMessagesPerSecond: 10 }, DEAD, arnOf)
    expect(task).toMatchObject({ DestinationArn: arnOf("target"), MaxNumberOfMessagesPerSecond: 10 })
  })

  it.each([
    [{ state: "done" as const }, "FAILED", "CouldNotDetermineMessageSource"],
    [{ state: "done" as const, sourceless: 0 }, "COMPLETED", undefined],
    [{ state: "done" as const, queue: "target" }, "COMPLETED", undefined],
    [{ state: "cancelled" as const }, "CANCELLED", undefined],
  ])("[X55] that is %j is %s", (changed, status, reason) => {
    const task = moveTaskOf({ ...RUNNING, ...changed }, DEAD, arnOf)
    expect([task.Status, task.FailureReason, task.TaskHandle]).toEqual([status, reason, undefined])
  })

  it("[X53] of an earlier version has as many messages as there were places", () => {
    const { messages: _messages, sourceless: _sourceless, ...older } = RUNNING
    expect(moveTaskOf({ ...older, state: "done" }, DEAD, arnOf)).toMatchObject({
      Status: "COMPLETED",
      ApproximateNumberOfMessagesToMove: 37,
    })
  })
})

describe("what is asked of tasks", () => {
  it.each([1, 500])("[X51] a rate of %i", (rate) => {
    const asked = { SourceArn: arnOf("dead"), DestinationArn: arnOf("target"), MaxNumberOfMessagesPerSecond: rate }
    expect(parseMoveTask(asked)).toEqual({
      ok: true,
      value: { source: "dead", destination: "target", maxMessagesPerSecond: rate },
    })
  })

  it.each([
    [{}, 1],
    [{ MaxResults: 10 }, 10],
  ])("[X53] %j lists %i", (asked, limit) => {
    expect(parseMoveTaskList({ SourceArn: arnOf("dead"), ...asked })).toEqual({
      ok: true,
      value: { source: "dead", limit },
    })
  })

  it.each([
    "",
    "%",
    btoa("[]"),
    btoa("{}"),
    btoa('{"taskId":5,"sourceArn":"x"}'),
    btoa('{"taskId":"5","sourceArn":"x"}'),
  ])("[X54] the handle %j is none", (handle) => {
    expect(parseTaskHandle(handle)).toEqual({
      ok: false,
      error: { name: "InvalidParameterValue", message: "Value for parameter TaskHandle is invalid." },
    })
  })

  it("[X54] nor is a very long one", () => {
    expect(parseTaskHandle("A".repeat(4_000_000)).ok).toBe(false)
  })
})

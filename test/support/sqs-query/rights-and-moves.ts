import { expect, vi } from "vitest"
import { PATIENCE } from "../sqs-key-scene.ts"
import { ask, type QueryCall, refused } from "./call.ts"

const STRANGER = "111122223333"

const permissions: QueryCall = async (scene) => {
  const QueueUrl = await scene.standardQueue()
  const key = await scene.newKey({ accountId: STRANGER })
  const send = () => scene.query("SendMessage", { QueueUrl, MessageBody: "from outside" }, { key })
  const refusal = await send()
  expect([refusal.status, refusal.text("Code")]).toEqual([403, "AccessDenied"])
  const grant = { "AWSAccountId.1": STRANGER, "ActionName.1": "SendMessage", "ActionName.2": "GetQueueUrl" }
  await ask(scene, "AddPermission", { QueueUrl, Label: "partner", ...grant })
  await vi.waitFor(async () => expect(await send()).toMatchObject({ status: 200 }), PATIENCE)
  await ask(scene, "RemovePermission", { QueueUrl, Label: "partner" })
  await vi.waitFor(async () => expect(await send()).toMatchObject({ status: 403 }), PATIENCE)
  const again = await refused(scene, "RemovePermission", { QueueUrl, Label: "partner" })
  expect(again).toEqual([400, "InvalidParameterValue"])
}

const listDeadLetterSourceQueues: QueryCall = async (scene) => {
  const { queue, dead } = await scene.queueWithDeadLetters(3)
  const listed = await ask(scene, "ListDeadLetterSourceQueues", { QueueUrl: dead })
  expect(listed.texts("QueueUrl")).toEqual([queue])
}

const moves: QueryCall = async (scene) => {
  const { queue, deadArn: SourceArn } = await scene.deadLetters(1)
  const started = await ask(scene, "StartMessageMoveTask", { SourceArn })
  expect(started.text("TaskHandle")).toMatch(/./)
  await vi.waitFor(async () => {
    const listed = await ask(scene, "ListMessageMoveTasks", { SourceArn })
    expect([listed.text("Status"), listed.text("ApproximateNumberOfMessagesMoved")]).toEqual(["COMPLETED", "1"])
  }, PATIENCE)
  expect((await scene.counts(queue)).visible).toBe(1)
}

const cancelMessageMoveTask: QueryCall = async (scene) => {
  const { deadArn: SourceArn } = await scene.deadLetters(5)
  const slow = { SourceArn, MaxNumberOfMessagesPerSecond: "1" }
  const TaskHandle = (await ask(scene, "StartMessageMoveTask", slow)).text("TaskHandle")!
  const cancelled = await ask(scene, "CancelMessageMoveTask", { TaskHandle })
  expect(Number(cancelled.text("ApproximateNumberOfMessagesMoved"))).toBeLessThan(5)
}

/** What is said of who may use a queue, and done with dead letters. */
export const RIGHT_AND_MOVE_CALLS = {
  AddPermission: permissions,
  CancelMessageMoveTask: cancelMessageMoveTask,
  ListDeadLetterSourceQueues: listDeadLetterSourceQueues,
  ListMessageMoveTasks: moves,
  RemovePermission: permissions,
  StartMessageMoveTask: moves,
} as const satisfies Record<string, QueryCall>

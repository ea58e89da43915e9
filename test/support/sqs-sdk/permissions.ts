import { expect, vi } from "vitest"
import { PATIENCE } from "../sqs-key-scene.ts"
import type { SdkCall } from "./call.ts"

const STRANGER = "111122223333"

const addPermission: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.standardQueue()
  const guest = await guestOf(scene)
  await expect(guest.sendMessage({ QueueUrl, MessageBody: "not yet" })).rejects.toMatchObject({ name: "AccessDenied" })
  await sqs.addPermission({ QueueUrl, Label: "partner", AWSAccountIds: [STRANGER], Actions: ["SendMessage"] })
  await vi.waitFor(() => guest.sendMessage({ QueueUrl, MessageBody: "from outside" }), PATIENCE)
  await expect(guest.receiveMessage({ QueueUrl })).rejects.toMatchObject({ name: "AccessDenied" })
  const { Messages } = await sqs.receiveMessage({ QueueUrl, MessageSystemAttributeNames: ["SenderId"] })
  expect(Messages).toMatchObject([{ Body: "from outside" }])
  expect(Messages?.[0]?.Attributes?.["SenderId"]).not.toBe(scene.key.accountId)
}

const removePermission: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.standardQueue()
  const guest = await guestOf(scene)
  await sqs.addPermission({ QueueUrl, Label: "partner", AWSAccountIds: [STRANGER], Actions: ["GetQueueUrl", "*"] })
  await vi.waitFor(() => guest.sendMessage({ QueueUrl, MessageBody: "welcome" }), PATIENCE)
  await sqs.removePermission({ QueueUrl, Label: "partner" })
  const denied = () =>
    expect(guest.sendMessage({ QueueUrl, MessageBody: "no more" })).rejects.toMatchObject({ name: "AccessDenied" })
  await vi.waitFor(denied, PATIENCE)
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["Policy"] })
  expect(Attributes?.["Policy"]).toBeUndefined()
}

/** A client of another account, in the namespace of the owner's queues. */
async function guestOf(scene: Parameters<SdkCall>[1]) {
  return scene.sdk({ credentials: await scene.newKey({ accountId: STRANGER }) })
}

/** What is said of who may use a queue. */
export const PERMISSION_CALLS = {
  AddPermission: addPermission,
  RemovePermission: removePermission,
} as const satisfies Record<string, SdkCall>

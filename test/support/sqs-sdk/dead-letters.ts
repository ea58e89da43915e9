import { paginateListDeadLetterSourceQueues } from "@aws-sdk/client-sqs"
import { expect, vi } from "vitest"
import { PATIENCE } from "../sqs-key-scene.ts"
import type { SdkCall } from "./call.ts"

const listDeadLetterSourceQueues: SdkCall = async (sqs, scene) => {
  const dead = await scene.standardQueue()
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await scene.arn(dead), maxReceiveCount: 3 })
  const sources = [await scene.standardQueue({ RedrivePolicy }), await scene.standardQueue({ RedrivePolicy })]
  const listed: string[] = []
  const pages = paginateListDeadLetterSourceQueues({ client: sqs }, { QueueUrl: dead, MaxResults: 1 })
  for await (const page of pages) listed.push(...(page.queueUrls ?? []))
  expect(listed).toEqual(sources)
}

const startMessageMoveTask: SdkCall = async (sqs, scene) => {
  const { queue, dead, deadArn: SourceArn } = await scene.deadLetters(3)
  const { TaskHandle } = await sqs.startMessageMoveTask({ SourceArn })
  expect(TaskHandle).toMatch(/./)
  await vi.waitFor(async () => {
    const { Results } = await sqs.listMessageMoveTasks({ SourceArn })
    expect(Results).toMatchObject([{ Status: "COMPLETED", SourceArn, ApproximateNumberOfMessagesMoved: 3 }])
  }, PATIENCE)
  expect((await scene.counts(queue)).visible).toBe(3)
  expect((await scene.counts(dead)).visible).toBe(0)
}

const listMessageMoveTasks: SdkCall = async (sqs, scene) => {
  const { deadArn: SourceArn } = await scene.deadLetters(1)
  const DestinationArn = await scene.arn(await scene.standardQueue())
  expect((await sqs.listMessageMoveTasks({ SourceArn })).Results ?? []).toEqual([])
  await sqs.startMessageMoveTask({ SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond: 500 })
  await vi.waitFor(async () => {
    const { Results } = await sqs.listMessageMoveTasks({ SourceArn, MaxResults: 10 })
    expect(Results).toMatchObject([{ Status: "COMPLETED", DestinationArn, MaxNumberOfMessagesPerSecond: 500 }])
    expect(Results![0]!.StartedTimestamp).toBeGreaterThan(Date.now() - 60_000)
  }, PATIENCE)
}

const cancelMessageMoveTask: SdkCall = async (sqs, scene) => {
  const { dead, deadArn: SourceArn } = await scene.deadLetters(10)
  const { TaskHandle } = await sqs.startMessageMoveTask({ SourceArn, MaxNumberOfMessagesPerSecond: 1 })
  await expect(sqs.startMessageMoveTask({ SourceArn })).rejects.toMatchObject({ name: "InvalidParameterValue" })
  const cancelled = await sqs.cancelMessageMoveTask({ TaskHandle })
  expect(cancelled.ApproximateNumberOfMessagesMoved).toBeLessThan(10)
  await vi.waitFor(async () => {
    const { Results } = await sqs.listMessageMoveTasks({ SourceArn })
    expect(Results).toMatchObject([{ Status: "CANCELLED" }])
  }, PATIENCE)
  expect((await scene.counts(dead)).visible).toBeGreaterThan(0)
  await expect(sqs.cancelMessageMoveTask({ TaskHandle: "nonsense" })).rejects.toMatchObject({ $fault: "client" })
}

/** What is done with dead letters. */
export const DEAD_LETTER_CALLS = {
  CancelMessageMoveTask: cancelMessageMoveTask,
  ListDeadLetterSourceQueues: listDeadLetterSourceQueues,
  ListMessageMoveTasks: listMessageMoveTasks,
  StartMessageMoveTask: startMessageMoveTask,
} as const satisfies Record<string, SdkCall>

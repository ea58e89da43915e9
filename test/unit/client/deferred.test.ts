import { expect, test } from "vitest"
import { deferConsumer } from "../../../src/client/consume/deferred.ts"
import { closedError } from "../../../src/client/errors.ts"
import { settled } from "./script.ts"

test("a consumer whose client is closed before it begins has ended like any other", async () => {
  const told: unknown[] = []
  const consumer = deferConsumer(
    () => Promise.reject(closedError()),
    (error) => told.push(error),
  )
  await consumer.done
  await consumer.stop()
  expect(told).toEqual([])
})

test("a consumer whose code can't be loaded tells so", async () => {
  const told: unknown[] = []
  const failure = new TypeError("the network is gone")
  const consumer = deferConsumer(
    () => Promise.reject(failure),
    (error) => told.push(error),
  )
  await settled()
  expect(told).toEqual([failure])
  await expect(consumer.done).rejects.toBe(failure)
  await expect(consumer.stop()).rejects.toBe(failure)
})

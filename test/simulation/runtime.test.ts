import { afterEach, expect, test } from "vitest"
import { profileOf } from "./runtime/profile.ts"
import {
  alarms,
  bodiesOf,
  endScene,
  LONG_MS,
  QUEUE,
  receive,
  send,
  startScene,
  subscribe,
} from "./runtime/queue-scene.ts"

afterEach(endScene)

test("a message goes through the Worker to its object and back", async () => {
  const runtime = await startScene()
  expect(await runtime.runUntil(send(runtime, "one"), LONG_MS)).toBe(200)
  expect(await runtime.runUntil(receive(runtime), LONG_MS)).toEqual(["one"])
  expect(runtime.errors).toEqual([])
})

test("a long poll ends with the message that it waits for", async () => {
  const runtime = await startScene()
  const received = receive(runtime, 20_000)
  await runtime.run(5_000)
  const sentAt = runtime.now
  await runtime.runUntil(send(runtime, "late"), LONG_MS)
  expect(await runtime.runUntil(received, LONG_MS)).toEqual(["late"])
  expect(runtime.now - sentAt).toBeLessThan(50)
})

test("an answer waits until what it says is durable", async () => {
  const runtime = await startScene(profileOf({}, { commitMs: [500, 500] }))
  const sentAt = runtime.now
  await runtime.runUntil(send(runtime, "one"), LONG_MS)
  expect(runtime.now - sentAt).toBeGreaterThan(500)
})

test("a socket hears nothing that is not durable", async () => {
  const runtime = await startScene(profileOf({}, { commitMs: [500, 500] }))
  const { socket, heard } = await subscribe(runtime)
  await runtime.run(1_000)
  socket.send({ type: "publish", ref: 1, queue: "jobs", messages: [{ body: "one" }] })
  await runtime.run(400)
  expect(heard.map(({ type }) => type)).toEqual(["subscribed"])
  runtime.crash(QUEUE, 0)
  await runtime.run(1_000)
  expect(heard.map(({ type }) => type)).not.toContain("confirm")
  expect(bodiesOf(heard)).toEqual([])
})

test("a crash loses what is not durable, and only that", async () => {
  const runtime = await startScene(profileOf({}, { commitMs: [500, 500] }))
  await runtime.runUntil(send(runtime, "durable"), LONG_MS)
  const lost = send(runtime, "lost")
  await runtime.run(100)
  runtime.crash(QUEUE, 0)
  expect(await runtime.runUntil(lost, LONG_MS)).toBe(503)
  expect(await runtime.runUntil(receive(runtime), LONG_MS)).toEqual(["durable"])
})

test("what became durable before a crash stays, although nobody was told", async () => {
  const runtime = await startScene(profileOf({}, { commitMs: [500, 500] }))
  const sent = send(runtime, "untold")
  await runtime.run(100)
  runtime.crash(QUEUE, 1)
  expect(await runtime.runUntil(sent, LONG_MS)).toBe(503)
  expect(await runtime.runUntil(receive(runtime), LONG_MS)).toEqual(["untold"])
})

test("of commits on their way a crash keeps the first", async () => {
  const runtime = await startScene(profileOf({}, { commitMs: [500, 500] }))
  const sent = [send(runtime, "first")]
  await runtime.run(100)
  // it is written as soon as the first is durable
  sent.push(send(runtime, "second"))
  await runtime.run(500)
  runtime.crash(QUEUE, 0)
  expect(await runtime.runUntil(Promise.all(sent), LONG_MS)).toEqual([200, 503])
  expect(await runtime.runUntil(receive(runtime), LONG_MS)).toEqual(["first"])
})

test("a commit that fails resets its object, and everybody waiting gets an exception", async () => {
  const runtime = await startScene()
  runtime.failNextCommit(QUEUE)
  expect(await runtime.runUntil(send(runtime, "lost"), LONG_MS)).toBe(503)
  expect(await runtime.runUntil(send(runtime, "kept"), LONG_MS)).toBe(200)
  expect(await runtime.runUntil(receive(runtime), LONG_MS)).toEqual(["kept"])
})

test("an object that is idle leaves memory, and an alarm brings it back", async () => {
  const runtime = await startScene()
  await runtime.runUntil(send(runtime, "delayed", { delayMs: 30_000 }), LONG_MS)
  await runtime.run(15_000)
  expect(runtime.isLoaded(QUEUE)).toBe(false)
  expect(alarms(runtime)).toBe(0)
  await runtime.run(15_500)
  expect(alarms(runtime)).toBe(1)
  expect(runtime.isLoaded(QUEUE)).toBe(true)
})

test("a crash does not lose an alarm", async () => {
  const runtime = await startScene()
  await runtime.runUntil(send(runtime, "delayed", { delayMs: 10_000 }), LONG_MS)
  runtime.crash(QUEUE, 0)
  await runtime.run(10_500)
  expect(alarms(runtime)).toBe(1)
})

test("an alarm that an object crashes in comes again", async () => {
  const runtime = await startScene(profileOf({}, { commitMs: [500, 500] }))
  await runtime.runUntil(send(runtime, "delayed", { delayMs: 10_000 }), LONG_MS)
  // it reads what is due, and its commit is on the way
  while (alarms(runtime) === 0) await runtime.run(10)
  runtime.crash(QUEUE, 0)
  await runtime.run(1_000)
  expect(alarms(runtime)).toBe(2)
})

test("an alarm that finds itself too early, as the clock went back, comes again", async () => {
  const runtime = await startScene()
  await runtime.runUntil(send(runtime, "delayed", { delayMs: 5_000 }), LONG_MS)
  await runtime.run(4_900)
  runtime.pauseObject(QUEUE, 200)
  await runtime.run(150)
  // it has rung, and waits to get in
  runtime.jumpClock(-2_000)
  await runtime.run(100)
  expect(alarms(runtime)).toBe(1)
  await runtime.run(2_000)
  expect(alarms(runtime)).toBe(2)
})

test("alarms follow the wall clock, timers don't", async () => {
  const runtime = await startScene()
  await runtime.runUntil(send(runtime, "delayed", { delayMs: 60_000 }), LONG_MS)
  const timer = new Promise<number>((resolve) => setTimeout(() => resolve(runtime.now), 10_000))
  const { now } = runtime
  runtime.jumpClock(60_000)
  await runtime.run(100)
  expect(alarms(runtime)).toBe(1)
  expect(await runtime.runUntil(receive(runtime), LONG_MS)).toEqual(["delayed"])
  expect(await runtime.runUntil(timer, LONG_MS)).toBe(now + 10_000)
})

test("an evicted object's sockets hibernate, with what they know", async () => {
  const runtime = await startScene()
  const { heard } = await subscribe(runtime)
  expect(runtime.evict(QUEUE)).toBe(1)
  expect(runtime.isLoaded(QUEUE)).toBe(false)
  await runtime.runUntil(send(runtime, "for a sleeper"), LONG_MS)
  await runtime.run(100)
  expect(bodiesOf(heard)).toEqual(["for a sleeper"])
})

test("nothing is evicted that has something under way", async () => {
  const runtime = await startScene(profileOf({}, { commitMs: [500, 500] }))
  const sent = send(runtime, "one")
  await runtime.run(100)
  expect(runtime.evict(QUEUE)).toBe(0)
  expect(await runtime.runUntil(sent, LONG_MS)).toBe(200)
})

test("a crash breaks the object's sockets, and the session says so", async () => {
  const runtime = await startScene()
  const { heard } = await subscribe(runtime)
  runtime.crash(QUEUE)
  await runtime.run(1_000)
  expect(heard.map(({ type }) => type)).toEqual(["subscribed", "unsubscribed"])
})

test("a cut loses what is under way, and both ends notice", async () => {
  const runtime = await startScene()
  const { socket, heard } = await subscribe(runtime)
  socket.send({ type: "publish", ref: 1, queue: "jobs", messages: [{ body: "lost" }] })
  socket.cut()
  expect(await runtime.runUntil(socket.closed, LONG_MS)).toEqual({ code: 1006, reason: "" })
  await runtime.run(1_000)
  expect(heard.filter(({ type }) => type === "confirm")).toEqual([])
})

test("a client that gives up waiting is noticed, and what it would have got goes to the next", async () => {
  const runtime = await startScene()
  const body = { waitMs: 20_000 }
  const given = runtime.request("POST", "/v1/queues/jobs/receive", body, { timeoutMs: 1_000 })
  expect(await runtime.runUntil(given, LONG_MS)).toBeNull()
  await runtime.run(1_000)
  await runtime.runUntil(send(runtime, "one"), LONG_MS)
  expect(await runtime.runUntil(receive(runtime), LONG_MS)).toEqual(["one"])
})

test("[H23] [Q17] what a receive left behind stays with whoever repeats it under its attempt id", async () => {
  const runtime = await startScene()
  await runtime.runUntil(send(runtime, "one"), LONG_MS)
  runtime.pauseObject(QUEUE, 1_000)
  const body = { attemptId: "again" }
  const left = runtime.request("POST", "/v1/queues/jobs/receive", body, { timeoutMs: 500 })
  expect(await runtime.runUntil(left, LONG_MS)).toBeNull()
  const repeated = await runtime.runUntil(runtime.request("POST", "/v1/queues/jobs/receive", body), LONG_MS)
  expect(repeated?.body).toMatchObject({ messages: [{ body: "one" }] })
  await runtime.run(1_000)
  expect(await runtime.runUntil(receive(runtime), LONG_MS)).toEqual([])
})

test("a Worker that ends answers nothing, and its sockets break", async () => {
  const runtime = await startScene()
  const { socket } = await subscribe(runtime)
  const asked = runtime.request("POST", "/v1/queues/jobs/receive", { waitMs: 20_000 })
  await runtime.run(100)
  runtime.endWorkers()
  expect(await runtime.runUntil(asked, LONG_MS)).toBeNull()
  expect((await runtime.runUntil(socket.closed, LONG_MS)).code).toBe(1006)
  expect(await runtime.runUntil(send(runtime, "next"), LONG_MS)).toBe(200)
})

test("a paused object does nothing until its pause is over", async () => {
  const runtime = await startScene()
  const { now } = runtime
  runtime.pauseObject(QUEUE, 5_000)
  expect(await runtime.runUntil(send(runtime, "one"), LONG_MS)).toBe(200)
  expect(runtime.now - now).toBeGreaterThan(5_000)
})

test("the process gets its clock, timers and chance back", async () => {
  const before = [Date.now, setTimeout, Math.random, Response]
  await startScene()
  expect(Date.now).not.toBe(before[0])
  endScene()
  expect([Date.now, setTimeout, Math.random, Response]).toEqual(before)
})

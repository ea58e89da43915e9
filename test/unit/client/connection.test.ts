import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { type Channel, Connection } from "../../../src/client/connection.ts"
import type { MillraceError } from "../../../src/client/errors.ts"
import type { ServerFrame } from "../../../src/client/frames.ts"
import type { ConnectionOptions } from "../../../src/client/options.ts"
import { decodeWireMessage } from "../../../src/protocol/native/wire-message.ts"
import { FakeSocket } from "./fake-socket.ts"

const connections: Connection[] = []
/** Longer than a first pause, and shorter than a try. */
const PAUSE_MS = 5_000
const codeOf = (error: unknown): string => (error as MillraceError).code
const nowhere = (): Promise<Response> => Promise.reject(new TypeError("fetch failed"))

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] })
})

afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close()
  FakeSocket.all.length = 0
  vi.useRealTimers()
})

/** The newest socket; what is under way by microtasks has happened. */
async function newest(): Promise<FakeSocket> {
  await vi.advanceTimersByTimeAsync(0)
  return FakeSocket.all.at(-1)!
}

async function connected(
  options: Partial<ConnectionOptions> = {},
): Promise<{ connection: Connection; socket: FakeSocket }> {
  const opening = Connection.open({
    url: "https://broker.example/base",
    token: "secret",
    webSocket: FakeSocket,
    fetch: nowhere,
    ...options,
  })
  const socket = await newest()
  socket.open()
  const connection = await opening
  connections.push(connection)
  return { connection, socket }
}

/** Breaks `socket`, and opens the next. */
async function reconnected(socket: FakeSocket): Promise<FakeSocket> {
  socket.break()
  await vi.advanceTimersByTimeAsync(PAUSE_MS)
  const next = await newest()
  expect(next).not.toBe(socket)
  next.open()
  await vi.advanceTimersByTimeAsync(0)
  return next
}

class TestChannel implements Channel {
  readonly heard: string[] = []
  begin = (sub: number): ServerFrame => ({ type: "subscribe", sub, queue: "jobs" })
  received({ type }: ServerFrame, batch: Uint8Array | null): void {
    this.heard.push(batch === null ? type : `${type} ${batch.join()}`)
  }
  interrupted(): void {
    this.heard.push("interrupted")
  }
  closed({ code }: MillraceError): void {
    this.heard.push(code)
  }
}

describe("a connection", () => {
  test("[W1] shows its token as a subprotocol, at the address that it was given", async () => {
    const { socket } = await connected()
    expect([socket.url, socket.protocols]).toEqual([
      "wss://broker.example/base/v1/connect",
      ["millrace.v1", "bearer.secret"],
    ])
    expect(socket.binaryType).toBe("arraybuffer")
  })

  test("[W2] says what is said in one turn as one message, of 1,000 frames at most", async () => {
    const { connection, socket } = await connected()
    const calls = Array.from({ length: 1_001 }, (_, n) => connection.call({ type: "ack", n }))
    expect(socket.said).toEqual([])
    await Promise.resolve()
    expect(socket.said).toHaveLength(2)
    expect(JSON.parse(socket.said[1] as string)).toEqual({ type: "ack", n: 1_000, ref: 1_000 })
    const answers = Array.from({ length: 1_001 }, (_, ref) => ({ type: "settled", ref }))
    socket.hearFrames(...answers.slice(0, 1_000))
    socket.hearFrames(answers[1_000]!)
    expect(await Promise.all(calls)).toEqual(answers)
  })

  test("[W49] says batches behind the frames that they belong to, in messages that the broker takes", async () => {
    const { connection, socket } = await connected()
    const batches = [new Uint8Array(900_000).fill(1), new Uint8Array(900_000).fill(2), Uint8Array.of(3)]
    for (const batch of batches) void connection.call({ type: "publish", batch: true }, { batch }).catch(codeOf)
    connection.say({ type: "credit", sub: 9 })
    await Promise.resolve()
    const messages = socket.said.map((message) => decodeWireMessage(message as Uint8Array))
    expect(messages.flatMap(({ batches: some }) => some.map((batch) => batch[0]))).toEqual([1, 2, 3])
    expect(messages.map(({ json }) => (JSON.parse(json) as unknown[]).length)).toEqual([4])
    socket.takeFrames()
    void connection.call({ type: "publish", batch: true }, { batch: new Uint8Array(1_300_000) }).catch(codeOf)
    void connection.call({ type: "publish", batch: true }, { batch: new Uint8Array(900_000) }).catch(codeOf)
    await Promise.resolve()
    expect(socket.said).toHaveLength(2)
  })

  test("[W9] has no more unanswered than the broker takes", async () => {
    const { connection, socket } = await connected()
    const calls = Array.from({ length: 12 }, () => {
      return connection.call({ type: "publish", batch: true }, { batch: new Uint8Array(1024 * 1024) })
    })
    await Promise.resolve()
    expect(socket.takeFrames().map(({ ref }) => ref)).toEqual([0, 1, 2, 3, 4, 5, 6])
    socket.hearFrames({ type: "confirm", ref: 3 }, { type: "confirm", ref: 0 })
    await Promise.resolve()
    expect(socket.takeFrames().map(({ ref }) => ref)).toEqual([7, 8])
    const next = await reconnected(socket)
    expect(next.takeFrames().map(({ ref }) => ref)).toEqual([1, 2, 4, 5, 6, 7, 8])
    for (let ref = 1; ref < 12; ref++) next.hearFrames({ type: "confirm", ref })
    await Promise.all(calls)
  })

  test("[W19] says nothing behind its goodbye, whatever comes", async () => {
    class Strict extends FakeSocket {
      override send(data: string | Uint8Array): void {
        // as in Workers
        if (this.closedWith !== undefined) throw new TypeError("Can't call WebSocket send() after close().")
        super.send(data)
      }
      override close(code: number): void {
        if (this.closedWith !== undefined) throw new TypeError("closed already")
        this.closedWith = code
      }
    }
    const { connection, socket } = await connected({ webSocket: Strict })
    connection.say({ type: "credit", sub: 9 })
    const closed = connection.close()
    expect([socket.takeFrames(), socket.closedWith]).toEqual([[{ type: "credit", sub: 9 }], 1000])
    socket.hearFrames({ type: "ping", id: 7 })
    await vi.advanceTimersByTimeAsync(2_000)
    await closed
    expect(socket.said).toEqual([])
  })

  test("asks again for a token that never comes", async () => {
    let asked = 0
    const never = new Promise<string>(() => {})
    const { socket } = await connected({ token: () => (++asked === 2 ? never : "secret") })
    socket.break()
    await vi.advanceTimersByTimeAsync(PAUSE_MS)
    expect([await newest(), asked]).toEqual([socket, 2])
    await vi.advanceTimersByTimeAsync(10_000 + PAUSE_MS)
    expect([(await newest()) === socket, asked]).toEqual([false, 3])
  })

  test("tries again where a socket neither opens nor closes", async () => {
    const { socket } = await connected()
    socket.break()
    await vi.advanceTimersByTimeAsync(PAUSE_MS)
    const stuck = await newest()
    // the time that it may take, and the next pause
    await vi.advanceTimersByTimeAsync(10_000 + PAUSE_MS)
    const next = await newest()
    expect([stuck.isTerminated, next === stuck]).toEqual([true, false])
    stuck.open()
    next.open()
  })

  test("[W61] answers the broker's ping, and takes a broker that is silent for gone", async () => {
    const { socket } = await connected()
    socket.hearFrames({ type: "ping", id: 7 })
    await Promise.resolve()
    expect(socket.takeFrames()).toEqual([{ type: "pong", id: 7 }])
    await vi.advanceTimersByTimeAsync(40_000)
    expect(socket.takeFrames()).toEqual([{ type: "ping" }])
    socket.hearFrames({ type: "pong" })
    await vi.advanceTimersByTimeAsync(59_000)
    expect([socket.isTerminated, FakeSocket.all.length]).toEqual([false, 1])
    await vi.advanceTimersByTimeAsync(25_000)
    expect([socket.isTerminated, FakeSocket.all.length]).toEqual([true, 2])
  })

  test("begins anew where it hears what no broker says", async () => {
    const { socket } = await connected()
    socket.hear("no json")
    await vi.advanceTimersByTimeAsync(PAUSE_MS)
    expect([socket.isTerminated, FakeSocket.all.length]).toEqual([true, 2])
  })
})

describe("what is open or unanswered", () => {
  test("[W58] is said again on the next socket: channels first, then calls in their order, as they were", async () => {
    const { connection, socket } = await connected()
    const channel = new TestChannel()
    const sub = connection.open(channel)
    const answered = connection.call({ type: "commit", n: 1 })
    const lost = connection.call({ type: "publish", n: 2 })
    await Promise.resolve()
    expect(socket.takeFrames().map(({ type }) => type)).toEqual(["subscribe", "commit", "publish"])
    socket.hearBinary([{ type: "deliver", sub, batch: true }], [Uint8Array.of(1, 2)])
    socket.hearFrames({ type: "drained", sub }, { type: "committed", ref: 0 })
    await answered
    socket.break()
    connection.say({ type: "credit", sub })
    const late = connection.call({ type: "ack", n: 3 })
    await vi.advanceTimersByTimeAsync(PAUSE_MS)
    const next = await newest()
    next.open()
    await vi.advanceTimersByTimeAsync(0)
    expect(next.takeFrames()).toEqual([
      { type: "subscribe", sub, queue: "jobs" },
      { type: "publish", n: 2, ref: 1 },
      { type: "ack", n: 3, ref: 2 },
    ])
    next.hearFrames(
      { type: "error", ref: 1, problem: { code: "queue_full", retryAfterMs: 5 } },
      { type: "settled", ref: 2 },
    )
    await expect(lost).rejects.toMatchObject({ code: "queue_full", retryAfterMs: 5, retryable: true })
    await late
    connection.release(sub)
    next.hearFrames({ type: "deliver", sub })
    expect(channel.heard).toEqual(["deliver 1,2", "drained", "interrupted"])
  })

  test("is not waited for any more when its signal aborts, and never said where it was not", async () => {
    const { connection, socket } = await connected()
    socket.break()
    const controller = new AbortController()
    const { signal } = controller
    const call = connection.call({ type: "ack" }, { signal }).catch(codeOf)
    controller.abort()
    expect(await call).toBe("aborted")
    expect(await connection.call({ type: "ack" }, { signal }).catch(codeOf)).toBe("aborted")
    await vi.advanceTimersByTimeAsync(PAUSE_MS)
    const next = await newest()
    next.open()
    await vi.advanceTimersByTimeAsync(0)
    expect(next.said).toEqual([])
  })

  test("is over when the connection is closed, also while there is no socket", async () => {
    for (const isBroken of [false, true]) {
      const { connection, socket } = await connected()
      const channel = new TestChannel()
      connection.open(channel)
      const call = connection.call({ type: "ack" }).catch(codeOf)
      if (isBroken) socket.break()
      await connection.close()
      expect(await call).toBe("closed")
      expect(await connection.call({ type: "ack" }).catch(codeOf)).toBe("closed")
      expect(channel.heard.at(-1)).toBe("closed")
      expect(socket.closedWith).toBe(isBroken ? undefined : 1000)
      const sockets = FakeSocket.all.length
      await vi.advanceTimersByTimeAsync(60_000)
      expect(FakeSocket.all).toHaveLength(sockets)
    }
  })

  test("[W37] comes back at once where a member is out, and after longer and longer where nobody answers", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1)
    const { socket } = await connected()
    socket.hearFrames({ type: "error", sub: 1, problem: { code: "not_found" } })
    socket.break(4409)
    await vi.advanceTimersByTimeAsync(50)
    const pauses: number[] = []
    for (let tries = 0; tries < 10; tries++) {
      const failed = FakeSocket.all.at(-1)!
      failed.break()
      const from = Date.now()
      while (FakeSocket.all.at(-1) === failed) await vi.advanceTimersByTimeAsync(50)
      pauses.push(Date.now() - from)
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000])
    vi.restoreAllMocks()
  })
})

import { expect } from "vitest"
import type { PartitionCall } from "../../../src/core/group/coordination.ts"
import { err } from "../../../src/core/result.ts"
import { GroupScene } from "./group-scene.ts"
import { type Fate, PROCESSES, type Step, SUBSCRIPTIONS, TOPICS } from "./model-steps.ts"

/** A partition as one member is shown it. */
interface Shown {
  readonly memberId: string
  readonly epoch: number
  readonly isRevoked: boolean
  readonly incarnation: number
}

/** A scene whose calls get lost, come late or twice, with what must hold in it at any time. */
export class GroupModel {
  readonly scene: GroupScene
  readonly #members: (string | null)[] = Array.from({ length: PROCESSES }, () => null)
  readonly #late: PartitionCall[] = []
  #count = 0
  #epoch = 0
  #shown = new Map<string, Shown>()

  constructor(assignor: "uniform" | "range") {
    this.scene = new GroupScene({ assignor, sessionTimeoutMs: 3_000, rebalanceTimeoutMs: 2_000 })
    this.scene.create("t", 4)
    this.scene.create("u", 2)
  }

  run(step: Step): void {
    this.#apply(step)
    this.check(step.type === "seek")
  }

  #apply(step: Step): void {
    const { scene } = this
    switch (step.type) {
      case "join":
        return this.#join(step.process, step.subscription)
      case "heartbeat":
      case "claim":
        return this.#heartbeat(step)
      case "leave": {
        const id = this.#members[step.process]
        this.#members[step.process] = null
        scene.commit((group, now) => (id ? group.leave(id, now) : null))
        return
      }
      case "wait":
        scene.now += step.ms
        scene.commit(() => null)
        return
      case "deliver":
        for (const call of scene.underWay.splice(0, step.count)) this.#deliver(call, step.fate)
        return
      case "look up":
        scene.isCatalogDown = step.fails
        scene.answerLookup()
        scene.isCatalogDown = false
        return
      case "restart":
        return scene.restart()
      case "grow": {
        const topic = scene.catalog.get(TOPICS[step.topic]!)
        if (topic)
          scene.grow(TOPICS[step.topic]!, topic.partitions.length + step.by, step.preserve ? "preserve" : "relaxed")
        return
      }
      case "recreate":
        if (step.partitions === 0) scene.catalog.delete(TOPICS[step.topic]!)
        else scene.create(TOPICS[step.topic]!, step.partitions)
        return
      case "seek":
        scene.commit((group, now) => {
          const target = { kind: "shift", by: -1 } as const
          group.seek({ topic: TOPICS[step.topic]!, partitions: null, target, dryRun: false }, now)
        })
        return
      case "consume":
        return this.#consume()
    }
  }

  #join(process: number, subscription: number): void {
    const memberId = `m${process}-${++this.#count}`
    // the first two processes are static members
    const instanceId = process < 2 ? `i${process}` : null
    this.#members[process] = memberId
    this.scene.commit((group, now) =>
      group.join({ memberId, instanceId, subscription: SUBSCRIPTIONS[subscription]! }, now),
    )
  }

  #heartbeat(step: Extract<Step, { type: "heartbeat" | "claim" }>): void {
    const id = this.#members[step.process]
    if (!id) return
    const view = this.scene.coordinator.view(id)
    if (!view.ok) {
      this.#members[step.process] = null
      return
    }
    const { partitions } = view.value
    if (step.type === "claim") {
      const owned = TOPICS.flatMap((topic) => [0, 1, 2, 3].map((partition) => ({ topic, partition })))
      this.scene.heartbeat(id, { owned })
      return
    }
    const owned = step.obeys ? partitions.filter(({ revokeAt }) => revokeAt === null) : null
    const subscription = step.subscription === null ? null : SUBSCRIPTIONS[step.subscription]!
    this.scene.heartbeat(id, { owned, subscription })
  }

  #deliver(call: PartitionCall, fate: Fate): void {
    const { scene } = this
    const failure = err({ code: "unavailable" as const, retryAfterMs: 0 })
    switch (fate) {
      case "answered":
        return scene.deliver(call, scene.result(call))
      case "lost":
        return scene.deliver(call, failure)
      case "answer lost":
        scene.result(call)
        return scene.deliver(call, failure)
      case "late":
        this.#late.push(call)
        return scene.deliver(call, failure)
      case "twice":
        scene.deliver(call, scene.result(call))
        return scene.deliver(call, scene.result(call))
    }
  }

  /** Members commit what they may read; calls that were given up arrive after all. */
  #consume(): void {
    for (const call of this.#late.splice(0)) this.scene.result(call)
    for (const [name, { memberId, epoch }] of this.#shown) {
      const [topic = "", partition] = name.split("/")
      const fake = this.scene.catalog.get(topic)?.partitions[Number(partition)]
      if (fake) fake.endOffset += 10
      fake?.commit(memberId, epoch, fake.readableTo)
    }
  }

  check(isSeek: boolean): void {
    const { scene } = this
    expect(scene.epoch).toBeGreaterThanOrEqual(this.#epoch)
    this.#epoch = scene.epoch
    const before = this.#shown
    this.#shown = this.#look()
    for (const [name, { memberId, isRevoked, epoch, incarnation }] of before) {
      const after = this.#shown.get(name)
      const isThere = scene.coordinator.view(memberId).ok && this.#incarnationOf(name) === incarnation
      if (isRevoked || !isThere || isSeek) continue
      expect({ name, ...after }).toMatchObject({ name, memberId, epoch })
    }
    for (const { partitions } of scene.catalog.values()) {
      for (const { installed } of partitions) {
        const epochs = installed.map((grant) => grant.epoch)
        expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b))
      }
    }
  }

  /** What all members are shown; the partitions agree. */
  #look(): Map<string, Shown> {
    const shown = new Map<string, Shown>()
    for (const { memberId } of this.scene.coordinator.describe().members) {
      for (const { topic, partition, epoch, revokeAt } of this.scene.view(memberId).partitions) {
        const name = `${topic}/${partition}`
        expect(shown.has(name)).toBe(false)
        const incarnation = this.#incarnationOf(name)
        shown.set(name, { memberId, epoch, isRevoked: revokeAt !== null, incarnation })
        const known = this.scene.catalog.get(topic)
        // the group may not have heard yet that this is another topic
        if (known?.incarnation === incarnation)
          expect(known.partitions[partition]!.row).toMatchObject({ memberId, epoch })
      }
    }
    return shown
  }

  /** Which life of the topic the group knows. */
  #incarnationOf(name: string): number {
    return this.scene.stored.assignments.find(({ topic }) => topic === name.split("/")[0])?.incarnation ?? 0
  }

  /** All goes well from now on: those who are there end with a fair assignment, and then nothing happens any more. */
  settle(): void {
    const { scene } = this
    const alive = (): string[] => scene.coordinator.describe().members.map(({ memberId }) => memberId)
    for (let passed = 0; passed < 45_000; passed += 500) {
      scene.run(500)
      this.check(false)
      for (const id of alive()) scene.obey(id)
      this.check(false)
      this.#consume()
    }
    const { state, members } = scene.coordinator.describe()
    expect(state).toBe(members.length > 0 ? "stable" : "empty")
    this.#expectFair()
    const { rows } = scene
    const calls = scene.calls.length
    for (let passed = 0; passed < 10_000; passed += 1_000) {
      scene.run(1_000)
      for (const id of alive()) scene.obey(id)
    }
    expect({ rows: scene.rows, calls: scene.calls.length }).toEqual({ rows, calls })
  }

  #expectFair(): void {
    const { scene } = this
    const { members } = scene.coordinator.describe()
    for (const [name, { partitions }] of scene.catalog) {
      const subscribers = members.filter(({ subscription: { topics, patterns } }) => {
        return topics.includes(name) || patterns.includes("*") || (patterns.includes("v*") && name.startsWith("v"))
      })
      for (const [partition, { row }] of partitions.entries()) {
        const owner = this.#shown.get(`${name}/${partition}`)?.memberId ?? null
        if (subscribers.length === 0) expect(owner).toBe(null)
        else expect(subscribers.map(({ memberId }) => memberId)).toContain(owner)
        // whoever has left is fenced, and there is nothing left to wait for
        expect(row?.memberId ?? null).toBe(owner)
        if (owner !== null) expect(row?.limit).toBe(null)
      }
    }
    for (const a of members) {
      expect(scene.view(a.memberId).isWaiting).toBe(false)
      for (const b of members) {
        if (JSON.stringify(a.subscription) !== JSON.stringify(b.subscription)) continue
        const apart = Math.abs(a.partitions.length - b.partitions.length)
        expect(apart).toBeLessThanOrEqual(scene.settings.assignor === "uniform" ? 1 : TOPICS.length)
      }
    }
  }
}

import { describe, expect, it } from "vitest"
import { at, GroupScene } from "./group-scene.ts"

const T = { topics: ["t"] }

describe("sessions", () => {
  it("[G20] heartbeats write nothing, and a restart gives everyone a whole session", () => {
    const scene = new GroupScene({ sessionTimeoutMs: 2_000 })
    scene.create("t", 2)
    scene.join("a", T)
    scene.run(1_000)
    const { rows } = scene
    for (let n = 0; n < 20; n++) {
      scene.run(500)
      scene.heartbeat("a", { owned: [at("t/0"), at("t/1")], subscription: { topics: ["t"], patterns: [] } })
    }
    scene.run(1_500)
    scene.restart()
    scene.run(1_900)
    expect(scene.has("a")).toEqual(["t/0", "t/1"])
    // since when nobody was heard of
    expect(scene.rows).toBe(rows + 1)
    scene.run(200)
    expect(scene.coordinator.view("a").ok).toBe(false)
  })

  it("[G20] whoever dies among others is out about a session later, however often the coordinator restarts", () => {
    const sessionTimeoutMs = 300_000
    const scene = new GroupScene({ heartbeatIntervalMs: 30_000, sessionTimeoutMs })
    scene.create("t", 2)
    scene.join("a", T)
    scene.join("b", T)
    scene.live(["a", "b"], 3_000)
    const { rows } = scene
    const diedAt = scene.now
    while (scene.now < diedAt + 20 * sessionTimeoutMs) {
      scene.run(10_000)
      scene.now += 20_000
      scene.restart()
      scene.obey("b")
      if (scene.now >= diedAt + 2 * sessionTimeoutMs) expect(scene.has("b")).toEqual(["t/0", "t/1"])
    }
    expect(scene.expelled).toEqual(["a"])
    // three for each session, and some for the member that is out
    expect(scene.rows - rows).toBeLessThan(20 * 3 + 10)
  })

  it("[G20] a coordinator that lives for a session after a restart writes nothing any more", () => {
    const scene = new GroupScene({ sessionTimeoutMs: 3_000 })
    scene.create("t", 2)
    scene.join("a", T)
    scene.join("b", T)
    scene.live(["a", "b"], 1_000)
    scene.restart()
    scene.live(["a", "b"], 3_200)
    const { rows } = scene
    scene.live(["a", "b"], 30_000)
    expect(scene.rows).toBe(rows)
    // so that the next restart gives everyone a whole session again
    scene.restart()
    scene.run(2_999)
    expect(scene.expelled).toEqual([])
    scene.run(1)
    expect(scene.expelled).toEqual(["a", "b"])
  })

  it("[G20] no session is shorter for what is not stored of it", () => {
    const scene = new GroupScene({ sessionTimeoutMs: 3_000 })
    scene.create("t", 1)
    scene.join("a", T)
    scene.run(1_000)
    scene.restart()
    scene.run(1_000)
    scene.heartbeat("a")
    scene.run(999)
    // the last that is heard, and too soon after the one before to be stored
    scene.heartbeat("a")
    scene.restart()
    scene.run(2_990)
    expect(scene.expelled).toEqual([])
    scene.run(1_010)
    expect(scene.expelled).toEqual(["a"])
  })
})

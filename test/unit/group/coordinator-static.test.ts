import { describe, expect, it } from "vitest"
import { GroupScene } from "./group-scene.ts"

const T = { topics: ["t"] }

describe("static members", () => {
  it("[G30] one that comes back has its partitions under a new id, and nobody else notices", () => {
    const scene = new GroupScene()
    scene.create("t", 4)
    scene.join("a", T, "host-a")
    scene.join("b", T, "host-b")
    scene.run(1_000)
    const before = scene.has("a")
    const b = scene.shown("b")
    scene.news.length = 0
    scene.join("a2", T, "host-a")
    expect(scene.expelled).toEqual(["a"])
    expect(scene.heartbeat("a").ok).toBe(false)
    expect(scene.view("a2")).toMatchObject({ partitions: [], isWaiting: true })
    scene.run(0)
    expect(scene.has("a2")).toEqual(before)
    expect(scene.shown("a2").every((name) => name.endsWith("@2"))).toBe(true)
    scene.run(1_000)
    expect(scene.epoch).toBe(2)
    expect(scene.shown("b")).toEqual(b)
    expect(new Set(scene.news)).toEqual(new Set(["a2"]))
  })

  it("[G30] one that comes back while its partitions are revoked has given those up", () => {
    const scene = new GroupScene()
    scene.create("t", 4)
    scene.join("a", T, "host-a")
    scene.run(1_000)
    scene.join("b", T)
    scene.run(200)
    scene.join("a2", T, "host-a")
    scene.run(0)
    expect(scene.has("a2")).toEqual(["t/0", "t/1"])
    expect(scene.has("b")).toEqual(["t/2", "t/3"])
    // and what is on its way to one that comes back goes on to it
    scene.join("c", T, "host-c")
    scene.run(200)
    scene.join("c2", T, "host-c")
    scene.live(["a2", "b", "c2"], 400)
    expect(new Set(scene.sizes("a2", "b", "c2"))).toEqual(new Set([1, 2]))
  })

  it("[G30] one that comes back with another subscription is a rebalance", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    scene.create("u", 1)
    scene.join("a", T, "host-a")
    scene.run(1_000)
    scene.join("a2", { topics: ["u"] }, "host-a")
    scene.run(0)
    expect(scene.has("a2")).toEqual(["t/0"])
    scene.live(["a2"], 600)
    expect(scene.has("a2")).toEqual(["u/0"])
  })
})

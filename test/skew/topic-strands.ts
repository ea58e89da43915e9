import { expect } from "vitest"
import { EventReader } from "../support/events.ts"
import { eventually } from "../support/http-groups.ts"
import type { SkewScene, Strand } from "./skew-scene.ts"

const WAIT_MS = 20_000

interface Records {
  readonly records: readonly { readonly partition?: number; readonly offset: number; readonly body: unknown }[]
}

/** What clients do with topics. */
export function topicStrands(scene: SkewScene): Strand[] {
  return [log(scene), latest(scene), growth(scene), names(scene)]
}

/** Appends of one producer, and reads of every kind. */
function log(scene: SkewScene): Strand {
  const topic = "/v1/topics/log"
  const records = `${topic}/partitions/0/records`
  let producer: { id: number; epoch: number } | null = null
  const append = (step: number): Promise<Records> =>
    scene.ask("POST", `${topic}/records`, {
      records: [0, 1].map((nth) => ({
        body: `${step} ${nth}`,
        key: String(nth),
        partition: 0,
        headers: { nth: `${nth}` },
      })),
      producer: { ...producer, sequence: 2 * step },
    })
  return {
    name: "log",
    async step(step) {
      await scene.ask("PUT", topic, { partitions: 2 })
      const opened = await scene.ask<{ producerId: number; epoch: number }>("POST", "/v1/producers", { name: "writer" })
      expect(opened.epoch).toBe(step)
      // the first one goes on: whoever opened it since has a greater epoch, and has appended nothing
      producer ??= { id: opened.producerId, epoch: opened.epoch }
      if (step > 0)
        expect((await append(step - 1)).records).toMatchObject(
          [0, 1].map((nth) => ({ offset: 2 * step - 2 + nth, repeated: true })),
        )
      const waiting = scene.ask<Records>("GET", `${records}?from=${2 * step}&waitMs=${WAIT_MS}`)
      expect((await append(step)).records).toEqual([0, 1].map((nth) => ({ partition: 0, offset: 2 * step + nth })))
      expect((await waiting).records).toMatchObject([0, 1].map((nth) => ({ body: `${step} ${nth}` })))
      const all = await scene.ask<Records>("GET", records)
      expect(all.records.map(({ body }) => body)).toEqual(bodiesUpTo(step))
      await events(step)
      const trimmed = await scene.ask("DELETE", `${topic}/partitions/1/records?before=${step}`)
      expect(trimmed).toMatchObject({ startOffset: step, endOffset: step })
      await scene.ask("POST", `${topic}/records`, { body: step, partition: 1, expectedOffset: step })
      expect(await scene.ask("GET", `${topic}/offsets`)).toMatchObject({
        partitions: [{ endOffset: 2 * step + 2 }, { endOffset: step + 1 }],
      })
    },
  }

  /** A stream that goes on from where one of the release before could have ended. */
  async function events(step: number): Promise<void> {
    const { url, token } = scene.broker
    const reader = await EventReader.open(`${url}${records}?from=${2 * step}`, { authorization: `Bearer ${token}` })
    // the first says where the stream begins
    expect(await reader.next()).toMatchObject({ data: null })
    expect((await reader.next())?.data).toContain(`"${step} 0"`)
    reader.close()
  }
}

function bodiesUpTo(step: number): string[] {
  return Array.from({ length: 2 * step + 2 }, (_, at) => `${Math.floor(at / 2)} ${at % 2}`)
}

/** A topic that keeps the last record of each key. */
function latest(scene: SkewScene): Strand {
  const topic = "/v1/topics/latest"
  return {
    name: "latest",
    async step(step) {
      await scene.ask("PUT", topic, { cleanup: "compact" })
      if (step > 0) {
        expect(await scene.ask("GET", `${topic}/keys/each`)).toMatchObject({ body: step - 1 })
        expect((await scene.get(`${topic}/keys/gone`)).status).toBe(404)
      }
      await scene.append(
        topic,
        { key: "each", body: step },
        { key: "gone", body: step },
        { key: `only-${step}`, body: step },
      )
      await scene.append(topic, { key: "gone", tombstone: true })
      for (let earlier = 0; earlier <= step; earlier++)
        expect(await scene.ask("GET", `${topic}/keys/only-${earlier}`)).toMatchObject({ body: earlier })
    },
  }
}

/** A topic that gets one partition more with each deploy, its keys in order. */
function growth(scene: SkewScene): Strand {
  const topic = "/v1/topics/growth"
  return {
    name: "growth",
    async step(step) {
      await scene.ask("PUT", topic, { partitions: step + 1 })
      await scene.append(topic, ...Array.from({ length: 8 }, (_, key) => ({ key: String(key), body: step })))
      const read = await scene.ask<{ partitions: Records[] }>("GET", `${topic}/records`)
      expect(read.partitions).toHaveLength(step + 1)
      const bodies = read.partitions.flatMap(({ records }) => records.map(({ body }) => body))
      expect(bodies).toHaveLength(8 * (step + 1))
    },
  }
}

/** Names that come and go. */
function names(scene: SkewScene): Strand {
  return {
    name: "names",
    async step(step) {
      if (step > 0)
        for (const path of paths(step - 1)) {
          expect((await scene.delete(path)).status).toBe(204)
          await eventually(
            () => scene.get(path),
            ({ status }) => status === 404,
          )
        }
      for (const path of paths(step)) expect((await scene.put(path)).status).toBe(201)
      for (const kind of ["queues", "topics", "groups"]) {
        const page = await scene.ask<Record<string, { name: string }[]>>("GET", `/v1/${kind}?prefix=passing`)
        expect(page[kind]!.map(({ name }) => name)).toEqual([`passing-${step}`])
      }
      await scene.send(`/v1/queues/passing-${step}`, step)
      await scene.append(`/v1/topics/passing-${step}`, { body: step })
    },
  }

  function paths(step: number): string[] {
    return ["queues", "topics", "groups"].map((kind) => `/v1/${kind}/passing-${step}`)
  }
}

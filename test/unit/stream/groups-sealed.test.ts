import { describe, expect, it } from "vitest"
import { GroupScene } from "./group-scene.ts"

const GROWN = { partitions: 4, growths: [{ from: 2, to: 4 }], earlierPartitions: [2] }

describe.each([false, true])(
  "the groups of a partition that is sealed, restarted after every step: %s",
  (isForgetful) => {
    const sceneOf = (): GroupScene => {
      const scene = new GroupScene(isForgetful, { partitions: 2 })
      scene.fill(3)
      return scene
    }

    it("[G10] its member may not go beyond the barrier, from then on until it is granted by who knows what comes there", () => {
      const scene = sceneOf()
      scene.grant()
      scene.seal(4)
      expect(scene.offset()).toMatchObject({ limit: 3, endOffset: 3 })
      expect(scene.grant({ limit: null })).toMatchObject({ ok: true, value: { limit: 3 } })
      expect(scene.grant({ memberId: "b", epoch: 2, limit: 9 })).toMatchObject({ ok: true, value: { limit: 3 } })
      scene.configure(GROWN)
      scene.fill(2)
      expect(scene.offset()).toMatchObject({ limit: 3, endOffset: 5 })
      expect(scene.commitOffset(4, { memberId: "b", epoch: 2 })).toEqual({
        ok: false,
        error: { code: "offset_out_of_range", latestOffset: 3 },
      })
      expect(scene.grant({ memberId: "b", epoch: 2, limit: null })).toMatchObject({ ok: true, value: { limit: null } })
      expect(scene.commitOffset(4, { memberId: "b", epoch: 2 })).toMatchObject({ ok: true })
    })

    it("[G10] a lower limit stays, and nobody's group has none", () => {
      const scene = sceneOf()
      scene.grant({ limit: 1 })
      scene.seal(4)
      expect(scene.offset()).toMatchObject({ limit: 1 })
      scene.grant({ memberId: null, epoch: 2 })
      scene.configure(GROWN)
      scene.grant({ memberId: "b", epoch: 3 })
      expect(scene.offset()).toMatchObject({ limit: null })
    })

    it("[G10] to be sealed again, once the settings know of it, takes back nothing", () => {
      const scene = sceneOf()
      scene.grant()
      scene.seal(4)
      scene.configure(GROWN)
      scene.grant({ limit: null })
      scene.seal(4)
      expect(scene.offset()).toMatchObject({ limit: null })
    })
  },
)

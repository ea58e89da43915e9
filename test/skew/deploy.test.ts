import { existsSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, test } from "vitest"
import { hasCommit, PROJECT, releaseTree } from "../../scripts/fixtures/release-tree.ts"
import { doorStrand } from "./door-strand.ts"
import { groupStrands } from "./group-strands.ts"
import { queueStrands } from "./queue-strands.ts"
import type { Layout } from "./skew-config.ts"
import { SkewScene, type Strand } from "./skew-scene.ts"
import { socketStrands } from "./socket-strands.ts"
import { yesterday } from "./stored.ts"
import { topicStrands } from "./topic-strands.ts"

interface Phase {
  readonly name: string
  readonly layout: Layout
}

const { commit, version, readsLater } = yesterday()
const isHere = hasCommit(commit)
const older = isHere ? releaseTree(commit) : PROJECT
const today = PROJECT
const allOlder = { worker: older, coordinators: older, logs: older }
const allToday = { worker: today, coordinators: today, logs: today }

/** On one data folder: whoever comes next finds what the one before it stored. */
const DEPLOY: readonly Phase[] = [
  { name: "all of it older", layout: allOlder },
  { name: "today's Worker on older objects", layout: { ...allOlder, worker: today } },
  { name: "older queues and partitions", layout: { ...allToday, logs: older } },
  { name: "an older catalog and older groups", layout: { ...allToday, coordinators: older } },
  { name: "an older Worker on today's objects", layout: { ...allToday, worker: older } },
  { name: "all of it of today", layout: allToday },
]
const ROLLBACK: readonly Phase[] = [
  { name: "all of it older again", layout: allOlder },
  { name: "all of it of today again", layout: allToday },
]

if (!isHere) {
  // reporters that count tests do not say why some were skipped
  console.warn(`a deploy over ${version} is not tested: this clone does not know ${commit} (git fetch --unshallow)`)
}

describe.skipIf(!isHere)(`a deploy over ${version}`, () => {
  const scene = SkewScene.create(allOlder)
  // first those on sockets: what they hold waits for them for some seconds only
  const strands = [...socketStrands(scene), ...queueStrands(scene), ...topicStrands(scene), ...groupStrands(scene)]
  const door = doorStrand(scene)
  const phases = readsLater ? [...DEPLOY, ...ROLLBACK] : DEPLOY

  phases.forEach((phase, step) => testPhase(scene, phase, hasDoor(phase) ? [...strands, door] : strands, step))
  if (!readsLater) testRefusal(scene, strands, phases.length)
})

/** Whether a client of SQS is served: the Worker has to know it. */
function hasDoor({ layout }: Phase): boolean {
  return existsSync(join(layout.worker, "src/routes/doors/sqs"))
}

function testPhase(scene: SkewScene, phase: Phase, strands: readonly Strand[], step: number): void {
  describe.each([phase])("$name", ({ layout }) => {
    beforeAll(() => scene.deploy(layout, layout.worker === today))
    test.each(strands)("$name", (strand) => strand.step(step))
  })
}

/** Where a release can't read what the next one stores it has to say so, and must not make it worse. */
function testRefusal(scene: SkewScene, strands: readonly Strand[], step: number): void {
  describe("a rollback that the release before does not read", () => {
    beforeAll(() => scene.deploy(allOlder, false))
    test.each(["/v1/queues/leases", "/v1/topics/log"])("%s is refused, and may be asked for again", async (path) => {
      expect((await scene.get(path)).status).toBe(503)
    })
  })
  testPhase(scene, { name: "all of it of today again", layout: allToday }, strands, step)
}

import { describe, it } from "vitest"
import { PROFILE_NAMES } from "./broker/profiles.ts"
import { expectKept, expectRepeatable, type Simulation } from "./broker/run-seeds.ts"
import { topicScenario } from "./broker/topic-scenario.ts"

const SIMULATION: Simulation = { file: "test/simulation/broker-topics.test.ts", scenario: topicScenario }

describe("topics and groups of a whole broker in trouble", () => {
  it.each(PROFILE_NAMES)("[S1] [S2] [S6] [G2] [G22] [P1] keep their promises: %s", (profile) =>
    expectKept(SIMULATION, profile),
  )

  it("run the same way for the same seed", () => expectRepeatable(SIMULATION))
})

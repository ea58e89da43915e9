import { describe, it } from "vitest"
import { PROFILE_NAMES } from "./broker/profiles.ts"
import { queueScenario } from "./broker/queue-scenario.ts"
import { expectKept, expectRepeatable, type Simulation } from "./broker/run-seeds.ts"

const SIMULATION: Simulation = { file: "test/simulation/broker-queues.test.ts", scenario: queueScenario }

describe("queues of a whole broker in trouble", () => {
  it.each(PROFILE_NAMES)("[Q1] [Q2] [Q7] [Q8] [Q11] [Q14] [Q30] [Q53] [W55] keep their promises: %s", (profile) =>
    expectKept(SIMULATION, profile),
  )

  it("run the same way for the same seed", () => expectRepeatable(SIMULATION))
})

import { describe, it } from "vitest"
import { PLANTS } from "./broker/plants.ts"
import { expectNoticed } from "./broker/run-seeds.ts"

describe("a whole broker with a bug", () => {
  it.each(PLANTS)("is seen to break a promise: $what", (plant) => expectNoticed(plant))
})

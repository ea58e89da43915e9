import { expect, test } from "vitest"
import { OPERATIONS } from "../../../src/routes/operations.ts"

const KINDS = ["queue", "topic", "group"]

test.each(OPERATIONS)("[A9] $method $path asks for something on every name in its path", ({ path, demand }) => {
  const named = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!).filter((name) => KINDS.includes(name))
  const asked = typeof demand === "string" || "somewhere" in demand ? [] : Object.keys(demand)
  expect(asked.toSorted()).toEqual(named.toSorted())
})

test("[A9] little is asked of nobody, and only tokens of the root secret", () => {
  const idsOf = (wanted: string): string[] => OPERATIONS.filter(({ demand }) => demand === wanted).map(({ id }) => id)
  expect(idsOf("nothing")).toEqual(["health", "openapi"])
  expect(idsOf("token")).toEqual(["connect"])
  expect(idsOf("root")).toEqual(["createToken", "deleteAccessKey"])
})

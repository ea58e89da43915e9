import { describe, expect, it } from "vitest"
import { isInRange } from "../../../../src/protocol/aws/ip-range.ts"
import { matchesWildcard } from "../../../../src/protocol/aws/wildcard.ts"

describe("wildcards", () => {
  it.each([
    ["*", "", true],
    ["", "", true],
    ["", "a", false],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["orders*", "orders", true],
    ["orders*", "order", false],
    ["*.fifo", "a.fifo.fifo", true],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "a-c-b", false],
    ["**?", "x", true],
    ["**?", "", false],
  ])("[X42] %j and %j: %j", (pattern, text, matches) => {
    expect(matchesWildcard(pattern, text)).toBe(matches)
  })

  it("[X42] takes no exponential time", () => {
    expect(matchesWildcard(`${"*a".repeat(200)}b`, "a".repeat(2000))).toBe(false)
  })
})

describe("address ranges", () => {
  it.each([
    ["203.0.113.7", "203.0.113.0/24", true],
    ["203.0.114.7", "203.0.113.0/24", false],
    ["203.0.113.7", "203.0.113.7", true],
    ["255.0.0.1", "0.0.0.0/0", true],
    ["128.0.0.1", "0.0.0.0/1", false],
    ["2001:db8::1", "2001:db8::/32", true],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1", true],
    ["2001:db9::1", "2001:db8::/32", false],
    ["::1", "::/0", true],
    ["2001:db8::1", "0.0.0.0/0", false],
    ["203.0.113.7", "::/0", false],
    ["203.0.113.7", "203.0.113.0/33", null],
    ["203.0.113.7", "203.0.113/24", null],
    ["203.0.113.7", "203.0.113.256", null],
    ["203.0.113.7", "203.0.113.0/24/1", null],
    ["203.0.113.7", "203.0.113.0/", null],
    ["::1", "1::2::3", null],
    ["::1", "1:2:3:4:5:6:7:8:9", null],
    ["::1", "1:2:3:4:5:6::8", false],
    ["::1", "1:2:3:4:5:6:7::8", null],
    ["::1", ":::", null],
  ])("[X43] %s in %s: %j", (address, range, isIn) => {
    expect(isInRange(address, range)).toBe(isIn)
  })
})

import { expect, test } from "vitest"
import { addressOf } from "../../../src/client/address.ts"

test("an address is of http or https, with the path that it has", () => {
  expect(addressOf({ url: "http://broker:8787", token: "t" }).socketUrl).toBe("ws://broker:8787/v1/connect")
  expect(addressOf({ url: "https://edge.example/mr", token: "t" }).socketUrl).toBe("wss://edge.example/mr/v1/connect")
  expect(addressOf({ url: "wss://edge.example", token: "t" }).socketUrl).toBe("wss://edge.example/v1/connect")
})

test("another protocol is refused at once", () => {
  const refused = expect.objectContaining({ code: "invalid_value" }) as Error
  expect(() => addressOf({ url: "ftp://broker", token: "t" })).toThrow(refused)
})

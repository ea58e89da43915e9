import { describe, expect, it } from "vitest"
import { formatAmzDate, parseAmzDate } from "../../../../src/protocol/aws/amz-date.ts"
import { readAuthorization } from "../../../../src/protocol/aws/authorization.ts"

const DATE = "20150830T123600Z"
const LATER = "20150830T123601Z"
const SIGNATURES = ["a".repeat(64), "b".repeat(64)]

function headerOf(accessKeyId: string, signature: string, signedHeaders = "host;x-amz-date"): string {
  const credential = `${accessKeyId}/20150830/us-east-1/sqs/aws4_request`
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`
}

describe("what is read again and again", () => {
  it("[A15] a header is read for itself, whatever was read before it", () => {
    for (const accessKeyId of ["AKIDEXAMPLE", "AKIDOTHERS1", "AKIDEXAMPLE", "AKIDEXAMPLE"]) {
      for (const signature of SIGNATURES) {
        for (const signedHeaders of ["host;x-amz-date", "host;x-amz-time", "host"]) {
          const read = readAuthorization(headerOf(accessKeyId, signature, signedHeaders), DATE, null)
          expect(read).toMatchObject({ ok: true, value: { accessKeyId, signature, signedHeaders } })
        }
      }
    }
  })

  it("[A15] its date is that of its request, and without one it is refused", () => {
    const header = headerOf("AKIDEXAMPLE", SIGNATURES[0]!)
    const instants = [DATE, LATER, DATE].map((date) => readAuthorization(header, date, null))
    expect(instants.map((read) => read.ok && formatAmzDate(read.value.signedAt))).toEqual([DATE, LATER, DATE])
    expect(readAuthorization(header, null, null)).toMatchObject({ ok: false, error: { name: "IncompleteSignature" } })
  })

  it("[A15] a header that goes on behind the last one's start is not taken for it", () => {
    readAuthorization(headerOf("AKIDEXAMPLE", SIGNATURES[0]!), DATE, null)
    const longer = headerOf(
      "AKIDEXAMPLE",
      `${SIGNATURES[0]!}, Credential=AKIDOTHERS1/20150830/us-east-1/sqs/aws4_request`,
    )
    expect(readAuthorization(longer, DATE, null)).toMatchObject({ ok: true, value: { accessKeyId: "AKIDOTHERS1" } })
  })

  it("[A17] instants are written and read as they are, one between others", () => {
    for (const date of [DATE, LATER, "19700101T000000Z", DATE]) expect(formatAmzDate(parseAmzDate(date)!)).toBe(date)
    expect(parseAmzDate("20159930T123600Z")).toBeNull()
  })
})

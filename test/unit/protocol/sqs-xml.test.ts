import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ACTIONS, type ActionName, type Output } from "../../../src/protocol/sqs/actions.ts"
import { jsonError, queryError, xmlError } from "../../../src/protocol/sqs/error-output.ts"
import { SQS_ERRORS, type SqsErrorName } from "../../../src/protocol/sqs/errors.ts"
import { xmlAnswer, XML_START } from "../../../src/protocol/sqs/xml-output.ts"
import { findXml, parseXml } from "../../support/xml.ts"
import { asXmlHolds, readXml, valueOf } from "../../support/sqs-shapes.ts"

const NAMES = Object.keys(ACTIONS) as ActionName[]
const NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"
const metadata = (id: string) => `<ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata>`

describe.each(NAMES)("%s", (name) => {
  const shape = ACTIONS[name].output

  test("[X6] answers so that SDKs read what was meant", () => {
    fc.assert(
      fc.property(shape === null ? fc.constant(null) : valueOf(shape), (output) => {
        const document = parseXml(XML_START + xmlAnswer(name, output as Output<typeof name>, "id-1"))
        expect(document).toMatchObject({ name: `${name}Response`, attributes: { xmlns: NAMESPACE } })
        expect(findXml(document, "RequestId")?.text).toBe("id-1")
        expect(document.children.map((child) => child.name)).toEqual(
          shape === null ? ["ResponseMetadata"] : [`${name}Result`, "ResponseMetadata"],
        )
        const read = shape === null ? null : readXml(shape, document.children[0]!)
        expect(read).toEqual(asXmlHolds(JSON.parse(JSON.stringify(output))))
      }),
      { numRuns: 40 },
    )
  })
})

test("[X6] an answer is written as the real service writes it", () => {
  expect(xmlAnswer("DeleteMessage", null, "r")).toBe(
    `<DeleteMessageResponse xmlns="${NAMESPACE}">${metadata("r")}</DeleteMessageResponse>`,
  )
  expect(xmlAnswer("ReceiveMessage", {}, "r")).toBe(
    `<ReceiveMessageResponse xmlns="${NAMESPACE}"><ReceiveMessageResult/>${metadata("r")}</ReceiveMessageResponse>`,
  )
  const attributes = "<Attribute><Name>QueueArn</Name><Value>arn</Value></Attribute>"
  expect(xmlAnswer("GetQueueAttributes", { Attributes: { QueueArn: "arn" } }, "r")).toContain(
    `<GetQueueAttributesResult>${attributes}</GetQueueAttributesResult>`,
  )
  expect(xmlAnswer("ListQueues", { QueueUrls: ["a", "b"], NextToken: "t" }, "r")).toContain(
    "<ListQueuesResult><QueueUrl>a</QueueUrl><QueueUrl>b</QueueUrl><NextToken>t</NextToken></ListQueuesResult>",
  )
})

test("[X7] characters with a meaning are escaped, and those that XML can't hold become U+FFFD", () => {
  const text = (url: string) =>
    /<QueueUrl>(.*)<\/QueueUrl>/s.exec(xmlAnswer("CreateQueue", { QueueUrl: url }, "r"))?.[1]
  expect(text("<&>\"'\r\n\t")).toBe("&lt;&amp;&gt;&quot;&apos;&#xD;\n\t")
  expect(text("\0\u0008\u000b\u001f\ufffe\uffff\ud800x\udc00")).toBe("\ufffd".repeat(7) + "x\ufffd")
  expect(text("\u0085\u2028é€😀\ufffd")).toBe("\u0085\u2028é€😀\ufffd")
})

describe.each(Object.keys(SQS_ERRORS) as SqsErrorName[])("%s", (name) => {
  const { code, type, fault } = SQS_ERRORS[name]

  test("[X8] [X9] is the same error in both protocols", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (message) => {
        expect(JSON.parse(jsonError({ name, message }))).toEqual({ __type: type, message })
        expect(queryError({ name, message })).toBe(`${code};${fault}`)
        const document = parseXml(xmlError({ name, message }, "id-1"))
        expect(document).toMatchObject({ name: "ErrorResponse", attributes: { xmlns: NAMESPACE } })
        const texts = ["Type", "Code", "Message", "Detail"].map((part) => findXml(document, part)?.text)
        expect(texts).toEqual([fault, code, asXmlHolds(message), ""])
        expect(document.children[1]).toMatchObject({ name: "RequestId", text: "id-1" })
      }),
      { numRuns: 20 },
    )
  })
})

test("[X9] of a queue that there is not, the query protocol says so for its version", () => {
  const failure = { name: "QueueDoesNotExist", message: "The specified queue does not exist." } as const
  expect(jsonError(failure)).toContain('"The specified queue does not exist."')
  expect(xmlError(failure, "r")).toContain(
    "<Message>The specified queue does not exist for this wsdl version.</Message>",
  )
  expect(queryError(failure)).toBe("AWS.SimpleQueueService.NonExistentQueue;Sender")
})

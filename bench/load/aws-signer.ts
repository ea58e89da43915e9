import { createHash, createHmac } from "node:crypto"
import type { SqsTarget } from "./jobs.ts"

const ALGORITHM = "AWS4-HMAC-SHA256"
const REGION = "us-east-1"
const SIGNED = "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target"
const CONTENT_TYPE = "application/x-amz-json-1.0"

/**
 * Makes signed requests to the SQS API, for next to nothing: the key is derived once, and its date is that of the
 * first request. A signature holds for fifteen minutes, which is longer than any load.
 */
export class AwsSigner {
  readonly #host: string
  readonly #accessKeyId: string
  readonly #at: string
  readonly #scope: string
  readonly #key: Buffer

  constructor({ url, accessKeyId, secretAccessKey }: Pick<SqsTarget, "url" | "accessKeyId" | "secretAccessKey">) {
    this.#host = new URL(url).host
    this.#accessKeyId = accessKeyId
    this.#at = new Date().toISOString().replaceAll(/[:-]|\.\d+/g, "")
    const scope = [this.#at.slice(0, 8), REGION, "sqs", "aws4_request"]
    this.#scope = scope.join("/")
    this.#key = scope.reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secretAccessKey}`))
  }

  /** The bytes of a call of an action. */
  request(action: string, input: object): Buffer {
    const body = JSON.stringify(input)
    const headers = {
      "content-type": CONTENT_TYPE,
      host: this.#host,
      "x-amz-content-sha256": sha256(body),
      "x-amz-date": this.#at,
      "x-amz-target": `AmazonSQS.${action}`,
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`)
    const canonical = ["POST", "/", "", ...lines, "", SIGNED, headers["x-amz-content-sha256"]].join("\n")
    const signature = hmac(this.#key, [ALGORITHM, this.#at, this.#scope, sha256(canonical)].join("\n")).toString("hex")
    const credential = `${this.#accessKeyId}/${this.#scope}`
    const head = [
      "POST / HTTP/1.1",
      ...lines,
      `authorization:${ALGORITHM} Credential=${credential}, SignedHeaders=${SIGNED}, Signature=${signature}`,
      `content-length:${Buffer.byteLength(body)}`,
    ]
    return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`)
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest()
}

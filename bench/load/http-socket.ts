import { connect, type Socket } from "node:net"

/** An answer, whole. */
export interface Answer {
  readonly status: number
  readonly body: Buffer
}

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

const HEAD_END = "\r\n\r\n"
/** `HTTP/1.1 200` */
const STATUS_AT = 9
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i

/** The bytes of a POST, so that a request that is sent again and again is built once. */
export function postBytes(url: string, token: string, path: string, body: string): Buffer {
  const { host } = new URL(url)
  const length = Buffer.byteLength(body)
  const lines = [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    `Authorization: Bearer ${token}`,
    "Content-Type: application/json",
    `Content-Length: ${length}`,
  ]
  return Buffer.from(`${lines.join("\r\n")}${HEAD_END}${body}`)
}

/**
 * One HTTP connection with one request at a time. Node's own clients spend more on a request than the broker
 * does, and would be what is measured.
 */
export class HttpSocket {
  readonly #socket: Socket
  #waiting: Waiting | null = null
  #received: Buffer[] = []
  #receivedBytes = 0
  /** Head and body of the answer under way, once its head is known. */
  #expectedBytes = 0
  #headBytes = 0
  #status = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on("data", (chunk: Buffer) => this.#take(chunk))
    socket.on("error", (error) => this.#waiting?.reject(error))
    socket.on("close", () => this.#waiting?.reject(new Error("the connection was closed")))
  }

  static open(url: string): Promise<HttpSocket> {
    const { hostname, port } = new URL(url)
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => resolve(new HttpSocket(socket)))
      socket.once("error", reject)
    })
  }

  /** Sends a request; the one before must have been answered. */
  send(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#waiting = null
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk)
    this.#receivedBytes += chunk.length
    if (this.#expectedBytes === 0) this.#readHead()
    if (this.#expectedBytes === 0 || this.#receivedBytes < this.#expectedBytes) return
    const bytes = this.#joined()
    const answer = { status: this.#status, body: bytes.subarray(this.#headBytes, this.#expectedBytes) }
    this.#received = []
    this.#receivedBytes = 0
    this.#expectedBytes = 0
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.resolve(answer)
  }

  #readHead(): void {
    const bytes = this.#joined()
    const end = bytes.indexOf(HEAD_END)
    if (end === -1) return
    const head = bytes.toString("latin1", 0, end)
    const length = CONTENT_LENGTH.exec(head)?.[1]
    if (length === undefined) throw new Error(`an answer without a length: ${head}`)
    this.#status = Number(head.slice(STATUS_AT, STATUS_AT + 3))
    this.#headBytes = end + HEAD_END.length
    this.#expectedBytes = this.#headBytes + Number(length)
  }

  #joined(): Buffer {
    if (this.#received.length > 1) this.#received = [Buffer.concat(this.#received)]
    return this.#received[0]!
  }
}

import { decodeBase64, encodeBase64 } from "../native/base64.ts"
import { encodeUtf8 } from "../native/fields.ts"
import type { MessageAttributes, ReceivedMessage } from "./actions.ts"
import { forbiddenCharacter } from "./characters.ts"
import { type DigestedAttribute, isBinaryType, md5OfAttributes } from "./md5.ts"
import type { OpenedMessage } from "./opened-message.ts"

type Returned = Pick<ReceivedMessage, "MessageAttributes" | "MD5OfMessageAttributes">

const NONE: Returned = {}

/**
 * The headers of a message that a receive asks for, as attributes, and their digest. `notes` are the broker's own,
 * which nobody has to ask for.
 */
export function receivedAttributes(
  { headers, details }: OpenedMessage,
  isWanted: ((name: string) => boolean) | null,
  notes: ReadonlyMap<string, string>,
): Returned {
  if (notes.size === 0 && (isWanted === null || headers.size === 0)) return NONE
  const attributes: [string, MessageAttributes[string]][] = []
  const digested: DigestedAttribute[] = []
  const add = (name: string, dataType: string, text: string): void => {
    const { value, bytes } = attributeOf(dataType, text)
    attributes.push([name, value])
    digested.push({ name, dataType: value.DataType, value: bytes })
  }
  for (const [name, text] of headers) {
    // no SQS client could have given it, and XML can't say it
    if (isWanted?.(name) === true && forbiddenCharacter(name) === null) {
      add(name, details.types.get(name) ?? "String", text)
    }
  }
  for (const [name, text] of notes) add(name, "String", text)
  if (attributes.length === 0) return NONE
  return { MD5OfMessageAttributes: md5OfAttributes(digested), MessageAttributes: Object.fromEntries(attributes) }
}

/** A text that SQS can't say comes as bytes. */
function attributeOf(dataType: string, text: string) {
  if (isBinaryType(dataType)) {
    const bytes = decodeBase64(text, "standard")
    if (bytes !== null) return { value: { DataType: dataType, BinaryValue: text }, bytes }
  } else if (forbiddenCharacter(text) === null) {
    return { value: { DataType: dataType, StringValue: text }, bytes: encodeUtf8(text) }
  }
  const bytes = encodeUtf8(text)
  return { value: { DataType: "Binary", BinaryValue: encodeBase64(bytes, "standard") }, bytes }
}

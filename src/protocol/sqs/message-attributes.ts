import type { Header } from "../../core/log/types.ts"
import { ok } from "../../core/result.ts"
import { decodeBase64, encodeBase64 } from "../native/base64.ts"
import { encodeUtf8 } from "../native/fields.ts"
import type { MessageAttributes } from "./actions.ts"
import { forbiddenCharacter } from "./characters.ts"
import { refuse, type SqsResult } from "./errors.ts"
import {
  MAX_ATTRIBUTE_NAME_BYTES,
  MAX_ATTRIBUTE_TYPE_BYTES,
  MAX_MESSAGE_ATTRIBUTES,
  MAX_TRACE_HEADER_BYTES,
} from "./limits.ts"
import { type DigestedAttribute, isBinaryType, md5OfAttributes } from "./md5.ts"
import { RESERVED_PREFIX } from "./message-details.ts"

/** Attributes of a message on their way in. */
export interface SentAttributes {
  /** One for each: its name, and its text or the base64 of its bytes. */
  readonly headers: readonly Header[]
  /** Data types by name, where they are not exactly `String`. */
  readonly types: ReadonlyMap<string, string>
  /** `MD5OfMessageAttributes`; null where there are none. */
  readonly md5: string | null
  /** What they count of the size of their message. */
  readonly sizeBytes: number
}

/** Of most messages. */
const NONE: SentAttributes = { headers: [], types: new Map(), md5: null, sizeBytes: 0 }
const NO_ATTRIBUTES = ok(NONE)

type AttributeValue = MessageAttributes[string]
type Refusal = ReturnType<typeof refuse> | null

/** Letters and digits of any script: the service is documented with fewer, and takes them. */
const NAME = /^[\p{L}\p{Nd}_.-]+$/u
const RESERVED_NAME = /^(?:aws\.|amazon\.|\.)|\.$/i
const TYPE = /^(?:String|Number|Binary)(?:\..*)?$/s
/** Each digit can be of one part only: of a million digits and a letter that is known after one look at each. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
/** The one system attribute there is. */
const TRACE_HEADER = "AWSTraceHeader"

/** Reads `MessageAttributes` (`[X64]`). */
export function parseAttributes(given: MessageAttributes | undefined): SqsResult<SentAttributes> {
  const names = given === undefined ? [] : Object.keys(given)
  if (given === undefined || names.length === 0) return NO_ATTRIBUTES
  if (names.length > MAX_MESSAGE_ATTRIBUTES) {
    const rule = `exceeds the allowed maximum [${MAX_MESSAGE_ATTRIBUTES}].`
    return invalid(`Number of message attributes [${names.length}] ${rule}`)
  }
  const headers: Header[] = []
  const types = new Map<string, string>()
  const digested: DigestedAttribute[] = []
  let sizeBytes = 0
  for (const name of names) {
    const value = parseAttribute(name, given[name]!)
    if (!value.ok) return value
    const { dataType, bytes, stored } = value.value
    const nameBytes = encodeUtf8(name)
    headers.push({ name: nameBytes, value: stored })
    if (dataType !== "String") types.set(name, dataType)
    digested.push({ name, dataType, value: bytes })
    sizeBytes += nameBytes.length + encodeUtf8(dataType).length + bytes.length
  }
  return ok({ headers, types, md5: md5OfAttributes(digested), sizeBytes })
}

/** `AWSTraceHeader` as it was sent with a message, and the digest that answers it. */
export interface SentTrace {
  readonly trace: string | null
  readonly md5: string | null
}

const NO_TRACE = ok<SentTrace>({ trace: null, md5: null })

/** Reads `MessageSystemAttributes`. */
export function parseSystemAttributes(given: MessageAttributes | undefined): SqsResult<SentTrace> {
  if (given === undefined) return NO_TRACE
  const stranger = Object.keys(given).find((name) => name !== TRACE_HEADER)
  if (stranger !== undefined) return invalid(`Message system attribute name '${stranger}' is invalid.`)
  const value = given[TRACE_HEADER]
  if (value === undefined) return NO_TRACE
  if (value.DataType !== "String") {
    return invalid(`The type of message system attribute '${TRACE_HEADER}' is invalid. You must use String.`)
  }
  const trace = value.StringValue ?? ""
  const bytes = encodeUtf8(trace)
  if (trace === "" || bytes.length > MAX_TRACE_HEADER_BYTES || forbiddenCharacter(trace) !== null) {
    return invalid(`Message system attribute '${TRACE_HEADER}' must have 1 to ${MAX_TRACE_HEADER_BYTES} bytes of text.`)
  }
  return ok({ trace, md5: md5OfAttributes([{ name: TRACE_HEADER, dataType: "String", value: bytes }]) })
}

/** What one attribute is digested and stored as. */
interface ParsedAttribute {
  readonly dataType: string
  readonly bytes: Uint8Array
  readonly stored: Uint8Array
}

function parseAttribute(name: string, value: AttributeValue): SqsResult<ParsedAttribute> {
  const refused = refusedName(name) ?? refusedType(name, value)
  if (refused !== null) return refused
  return isBinaryType(value.DataType) ? parseBytes(name, value) : parseText(name, value)
}

function refusedName(name: string): Refusal {
  if (name === "") return invalid("The request must contain non-empty message (user) attribute names.")
  if (encodeUtf8(name).length > MAX_ATTRIBUTE_NAME_BYTES) {
    return invalid(`Message (user) attribute name must be shorter than ${MAX_ATTRIBUTE_NAME_BYTES} bytes.`)
  }
  if (!NAME.test(name)) {
    const rule = "can only contain upper and lower score characters, digits, periods, hyphens and underscores."
    return invalid(`Message (user) attributes name ${rule}`)
  }
  if (RESERVED_NAME.test(name)) {
    const rule = "These strings are reserved for internal use. Additionally, they cannot start or end with '.'."
    return invalid(`You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. ${rule}`)
  }
  if (name.includes("..")) return invalid("Message (user) attribute name must not have successive '.' characters.")
  if (!name.startsWith(RESERVED_PREFIX)) return null
  return invalid(`You can't use message attribute names beginning with '${RESERVED_PREFIX}'.`)
}

function refusedType(name: string, value: AttributeValue): Refusal {
  const { DataType: type, StringListValues: texts = [], BinaryListValues: blobs = [] } = value
  if (texts.length > 0 || blobs.length > 0) {
    return refuse("UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported.")
  }
  if (type === "") return invalid(`The message attribute '${name}' must contain non-empty message attribute type.`)
  if (!TYPE.test(type) || forbiddenCharacter(type) !== null) {
    const rule = "You must use only the following supported type prefixes: Binary, Number, String."
    return invalid(`The type of message (user) attribute '${name}' is invalid. ${rule}`)
  }
  if (encodeUtf8(type).length <= MAX_ATTRIBUTE_TYPE_BYTES) return null
  return invalid(`Message (user) attribute type must be shorter than ${MAX_ATTRIBUTE_TYPE_BYTES} bytes.`)
}

function parseText(name: string, { DataType: dataType, StringValue: text, BinaryValue: blob }: AttributeValue) {
  const type = dataType.startsWith("Number") ? "Number" : "String"
  if (text === undefined && blob !== undefined) return wrongField(name, type, "String")
  if (text === undefined || text === "") return emptyValue(name, type)
  if (forbiddenCharacter(text) !== null) return invalid(`Message (user) attribute '${name}' has invalid characters.`)
  if (type === "Number" && !NUMBER.test(text)) {
    return invalid(`Can't cast the value of message (user) attribute '${name}' to a number.`)
  }
  const bytes = encodeUtf8(text)
  return ok({ dataType, bytes, stored: bytes })
}

function parseBytes(name: string, { DataType: dataType, StringValue: text, BinaryValue: blob }: AttributeValue) {
  if (blob === undefined && text !== undefined) return wrongField(name, "Binary", "Binary")
  if (blob === undefined || blob === "") return emptyValue(name, "Binary")
  const bytes = decodeBase64(blob, "standard")
  if (bytes === null) return invalid(`Message (user) attribute '${name}' is not base64.`)
  return ok({ dataType, bytes, stored: encodeUtf8(encodeBase64(bytes, "standard")) })
}

function wrongField(name: string, type: string, field: string) {
  return invalid(`The message attribute '${name}' with type '${type}' must use field '${field}'.`)
}

function emptyValue(name: string, type: string) {
  return invalid(`Message (user) attribute '${name}' must contain a non-empty value of type '${type}'.`)
}

function invalid(message: string) {
  return refuse("InvalidParameterValue", message)
}

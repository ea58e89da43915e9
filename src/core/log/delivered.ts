import { CorruptError } from "../bytes/corrupt.ts"
import { ByteReader } from "../bytes/reader.ts"
import { ByteWriter } from "../bytes/writer.ts"
import type { Delivery } from "./types.ts"

const VERSION = 1
/** Six numbers and the frame's length, of eight bytes at most. */
const MAX_NUMBERS_BYTES = 56

/** Deliveries on their way from an object to the Worker. */
export function encodeDeliveries(deliveries: readonly Delivery[]): Uint8Array {
  const capacityBytes = deliveries.reduce((bytes, { frame }) => bytes + MAX_NUMBERS_BYTES + frame.length, 16)
  const writer = new ByteWriter(capacityBytes)
  writer.u8(VERSION)
  writer.varint(deliveries.length)
  for (const delivery of deliveries) {
    writer.varint(delivery.offset)
    writer.varint(delivery.messageId)
    writer.varint(delivery.appendedAt)
    writer.varint(delivery.attempt)
    writer.varint(delivery.deliveryCount)
    writer.varint(delivery.firstDeliveredAt)
    writer.lengthAndBytes(delivery.frame)
  }
  return writer.finish()
}

/** Reads what `encodeDeliveries` wrote; frames are views. Throws CorruptError where it is not that. */
export function decodeDeliveries(bytes: Uint8Array): Delivery[] {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== VERSION) throw new CorruptError("deliveries version")
  const count = reader.varint()
  const deliveries: Delivery[] = []
  for (let index = 0; index < count; index++) deliveries.push(readDelivery(reader))
  reader.end()
  return deliveries
}

function readDelivery(reader: ByteReader): Delivery {
  return {
    offset: reader.varint(),
    messageId: reader.varint(),
    appendedAt: reader.varint(),
    attempt: reader.varint(),
    deliveryCount: reader.varint(),
    firstDeliveredAt: reader.varint(),
    frame: reader.lengthAndBytes(),
  }
}

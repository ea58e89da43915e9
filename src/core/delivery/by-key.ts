/** A view of the window by key hash. It is told of every change, to know what may be delivered next. */
export interface ByKey {
  /** Takes in an available offset that the window now covers; offsets come in order. */
  add(offset: number, hash: number): void
  /** After an available offset was handed to a consumer. */
  leased(offset: number, hash: number, consumer: number): void
  /** In-flight offsets that go back when `offset` does. */
  heldAfter(offset: number, hash: number): number[]
  /** After an offset in flight became available or delayed. */
  givenBack(offset: number, hash: number, isDelayed: boolean): void
  /** After an available offset became delayed. */
  postponed(offset: number, hash: number): void
  /** After a delayed offset became available. */
  due(offset: number, hash: number): void
  /** After an offset that was of this kind became done. */
  finished(offset: number, hash: number, kind: number): void
}

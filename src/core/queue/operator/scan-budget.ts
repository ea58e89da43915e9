import { MAX_SCAN_BYTES } from "../../limits.ts"

/** What one call may still look at and read; what it takes is also taken from the budget of the `whole` commit. */
export class ScanBudget {
  readonly #whole: ScanBudget | null
  #messages: number
  #bytes = MAX_SCAN_BYTES

  constructor(messages: number, whole: ScanBudget | null = null) {
    this.#messages = messages
    this.#whole = whole
  }

  get isSpent(): boolean {
    return this.#messages <= 0 || this.#bytes <= 0 || this.#whole?.isSpent === true
  }

  look(messages = 1): void {
    this.#messages -= messages
    this.#whole?.look(messages)
  }

  read(bytes: number): void {
    this.#bytes -= bytes
    this.#whole?.read(bytes)
  }
}

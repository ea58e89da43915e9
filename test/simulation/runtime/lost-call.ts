/** What a call to an object is answered with where its answer is lost: it may have been carried out. */
export function lostCall(message: string, marks: Readonly<Record<string, boolean>>): Error {
  return Object.assign(new Error(message), { remote: true, ...marks })
}

/** The network lost it. */
export function networkLost(): Error {
  return lostCall("Network connection lost.", { retryable: true })
}

/** The object was not asked, as too many ask it. */
export function tooMuch(): Error {
  return lostCall("Durable Object is overloaded.", { retryable: true, overloaded: true })
}

/** The object ended with it. Not marked as worth another try: whoever makes one decides by himself. */
export function objectReset(): Error {
  return lostCall("The Durable Object was reset.", { durableObjectReset: true })
}

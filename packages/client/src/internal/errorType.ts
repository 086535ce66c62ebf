import * as Predicate from "effect/Predicate"

// RFC 6749 sections 4.1.2.1 and 5.2, RFC 7009, RFC 8628, RFC 8707, RFC 9449, RFC 9470.
const registered =
  /^(?:invalid_(?:request|client|grant|scope|target|dpop_proof|token)|unauthorized_client|unsupported_(?:grant|response|token)_type|access_denied|server_error|temporarily_unavailable|authorization_pending|slow_down|expired_token|use_dpop_nonce|insufficient_user_authentication)$/

/** Whether it is an error code of the RFCs, and not a word of a server's own. */
export const isRegisteredCode = (code: string): boolean => registered.test(code)

/** The class or the tag of a failure: one of those that a program has. */
export const failureName = (failure: unknown): string =>
  Predicate.hasProperty(failure, "_tag") && typeof failure._tag === "string" ? failure._tag : "Error"

const hasName = (failure: unknown, name: string): boolean => failure instanceof Error && failure.name === name

/**
 * What kind of failure it is, by one of few words: the `error.type` of OpenTelemetry. The code of the server if it is a
 * registered one, the status of a reply that is none, else the name of the failure.
 */
export const errorType = (failure: unknown): string => {
  const name = failureName(failure)
  if (Predicate.hasProperty(failure, "error") && typeof failure.error === "string") {
    return isRegisteredCode(failure.error) ? failure.error : "_OTHER"
  }
  if (Predicate.hasProperty(failure, "responseCode") && typeof failure.responseCode === "number") {
    const isOk = failure.responseCode >= 200 && failure.responseCode < 300
    return isOk ? "malformed_reply" : String(failure.responseCode)
  }
  if (name === "APIException" && Predicate.hasProperty(failure, "cause")) {
    return hasName(failure.cause, "TimeoutException") ? "timeout" : "no_response"
  }
  return name === "TokenStoreError" && Predicate.hasProperty(failure, "reason")
    ? `${name}.${failure.reason}`
    : name
}

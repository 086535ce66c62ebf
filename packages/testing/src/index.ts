/**
 * An authorization server for tests, in memory and on the test clock: `TestAuthorizationServer`, with a resource server
 * that takes its tokens, a `Journal` of what both were asked, and `Faults` on demand.
 *
 * @since 0.1.0
 */
export * as Disclosure from "./Disclosure.js"
export * as Fault from "./Fault.js"
export type { Faults } from "./Faults.js"
export type { Introspection } from "./Introspection.js"
export * as Journal from "./Journal.js"
export * as MalformedReply from "./MalformedReply.js"
export * as TestAuthorizationServer from "./TestAuthorizationServer.js"
export * as TestClient from "./TestClient.js"
export * as TestResourceServer from "./TestResourceServer.js"
export * as TestSession from "./TestSession.js"
export * as TestTransport from "./TestTransport.js"
export * as TestUser from "./TestUser.js"
export { UserNotReturned } from "./UserNotReturned.js"

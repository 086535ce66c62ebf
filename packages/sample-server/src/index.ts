/** The MultiAuth-Sample API on this machine, for tests, examples and SDKs in other languages. */
export * as AccessLog from "./AccessLog.js"
export * as Arguments from "./Arguments.js"
export * as Fixtures from "./Fixtures.js"
export type { RecordedRequest } from "./RecordedRequest.js"
export * as SampleServer from "./SampleServer.js"
export { SampleServerError } from "./SampleServerError.js"

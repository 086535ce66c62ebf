/**
 * Real servers on free loopback ports, for examples and tests: two authorization servers that others
 * wrote, resources that need their tokens, a server for the faults that neither of them shows, the
 * databases of this machine, and its browser.
 */
export * as Answer from "./Answer.js"
export * as BrowserSignIn from "./BrowserSignIn.js"
export * as Chromium from "./Chromium.js"
export * as Installation from "./Installation.js"
export * as Introspection from "./Introspection.js"
export * as LoopbackServer from "./LoopbackServer.js"
export * as LoopbackServerError from "./LoopbackServerError.js"
export * as NodeOAuth2Server from "./NodeOAuth2Server.js"
export * as OidcProvider from "./OidcProvider.js"
export * as PostgreSQL from "./PostgreSQL.js"
export * as RecordedRequest from "./RecordedRequest.js"
export * as Redis from "./Redis.js"
export * as RegisteredClient from "./RegisteredClient.js"
export * as ResourceServer from "./ResourceServer.js"
export * as ScriptedServer from "./ScriptedServer.js"
export * as SignIn from "./SignIn.js"
export * as TokenServer from "./TokenServer.js"
export * as User from "./User.js"

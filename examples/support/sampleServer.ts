import { OidcProvider, RegisteredClient, ResourceServer } from "@effect-oauth/loopback-servers"
import { Context, Layer } from "effect"

/**
 * What the examples talk to: a certified authorization server that others wrote (the npm package oidc-provider), and
 * the resource that its tokens open, on a free port of this machine. Access tokens live for six seconds, refresh
 * tokens rotate. It knows the client `client` / `client-secret`, the public client `native` of the user's own machine, and
 * the user `alice` / `wonderland`.
 */
export class SampleServer extends Context.Tag("examples/SampleServer")<
  SampleServer,
  OidcProvider.OidcProvider
>() {
  static readonly layer = Layer.scoped(
    this,
    OidcProvider.make({
      accessTokenLifetime: "6 seconds",
      clients: [RegisteredClient.confidential, RegisteredClient.native],
      resource: ResourceServer.user
    })
  )
}

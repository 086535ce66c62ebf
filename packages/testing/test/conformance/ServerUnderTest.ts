import { createServer } from "node:http"
import { FetchHttpClient, HttpBody, HttpClient, HttpClientRequest, HttpServer } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { NodeOAuth2Server, OidcProvider, type RegisteredClient, SignIn } from "@effect-oauth/loopback-servers"
import { TestAuthorizationServer } from "@effect-oauth/testing"
import { Duration, Effect, type Scope } from "effect"

/** The servers of which the same is asked. */
export type Name =
  | "TestAuthorizationServer"
  | "TestAuthorizationServer on a socket"
  | "OidcProvider"
  | "NodeOAuth2Server"

/** What a case asks of any of them. */
export interface ServerUnderTest {
  readonly name: Name
  readonly client: HttpClient.HttpClient
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly revocationEndpoint?: string | undefined
  readonly introspectionEndpoint?: string | undefined
  readonly metadataUrl?: string | undefined
  /** Plays alice; gives where she is sent back to, or nothing if she is left with a page. */
  readonly signIn: (
    url: string,
    options?: { readonly approve?: boolean | undefined }
  ) => Effect.Effect<string | undefined>
  /** Whether a resource would take the token, by the server's own word. */
  readonly isActive: (accessToken: string) => Effect.Effect<boolean>
  /** Time passes. */
  readonly wait: (duration: Duration.DurationInput) => Effect.Effect<void>
}

const secret = "client-secret"

export const clients = {
  basic: { clientId: "client", clientSecret: secret, authenticationMethod: "client_secret_basic" },
  post: { clientId: "post", clientSecret: secret, authenticationMethod: "client_secret_post" },
  native: {
    clientId: "native",
    authenticationMethod: "none",
    redirectUris: ["http://127.0.0.1/callback"]
  },
  web: {
    clientId: "web",
    clientSecret: secret,
    authenticationMethod: "client_secret_basic",
    redirectUris: ["https://app.test/callback"]
  }
} as const satisfies Readonly<Record<string, RegisteredClient.RegisteredClient>>

export const lifetime = Duration.seconds(2)

const options = {
  clients: Object.values(clients),
  scopes: ["api", "profile"],
  accessTokenLifetime: lifetime
}

const ourOptions: TestAuthorizationServer.Options = {
  clients: Object.values(clients).map((registered) => ({
    ...registered,
    authenticationMethods: [registered.authenticationMethod],
    redirectUris: "redirectUris" in registered ? registered.redirectUris : []
  })),
  lifetimes: { accessToken: lifetime }
}

const ours = (
  name: Name,
  client: HttpClient.HttpClient,
  server: TestAuthorizationServer.Service
): ServerUnderTest => ({
  name,
  client,
  authorizationEndpoint: `${server.origin}/authorize`,
  tokenEndpoint: server.endpoints.tokenEndpoint,
  revocationEndpoint: server.endpoints.revocationEndpoint,
  introspectionEndpoint: server.introspectionEndpoint,
  metadataUrl: server.metadataUrl,
  signIn: (url, options) => Effect.orElseSucceed(server.authorize(url, options), () => undefined),
  isActive: (accessToken) => Effect.map(server.introspect(accessToken), ({ active }) => active),
  wait: (duration) => server.skewClock({ ahead: duration })
})

const inMemory = Effect.map(TestAuthorizationServer.make(ourOptions), ({ client, server }) =>
  ours("TestAuthorizationServer", client, server)
)

const onSocket = Effect.zipWith(
  HttpClient.HttpClient,
  TestAuthorizationServer.serve(ourOptions),
  (client, server) => ours("TestAuthorizationServer on a socket", client, server)
).pipe(
  Effect.provideServiceEffect(
    HttpServer.HttpServer,
    NodeHttpServer.make(() => createServer(), { port: 0, host: "127.0.0.1" })
  ),
  Effect.provide(FetchHttpClient.layer)
)

type Real = (NodeOAuth2Server.NodeOAuth2Server | OidcProvider.OidcProvider) & {
  readonly revocationEndpoint?: string
  readonly introspectionEndpoint?: string
  readonly authorizationServerMetadata?: string
}

const real = (name: Name, server: Real) =>
  Effect.map(
    HttpClient.HttpClient,
    (client): ServerUnderTest => ({
      name,
      client,
      authorizationEndpoint: server.authorizationEndpoint,
      tokenEndpoint: server.tokenEndpoint,
      revocationEndpoint: server.revocationEndpoint,
      introspectionEndpoint: server.introspectionEndpoint,
      metadataUrl: server.authorizationServerMetadata,
      signIn: (url, options) =>
        Effect.orElseSucceed(SignIn.signIn(url, { consent: options?.approve }), () => undefined),
      isActive: (accessToken) => Effect.map(server.introspect(accessToken), ({ active }) => active),
      wait: (duration) => Effect.sleep(duration)
    })
  ).pipe(Effect.provide(FetchHttpClient.layer))

/** A server of each kind, for one case. */
export const servers: Readonly<Record<Name, Effect.Effect<ServerUnderTest, unknown, Scope.Scope>>> = {
  TestAuthorizationServer: inMemory,
  "TestAuthorizationServer on a socket": onSocket,
  OidcProvider: Effect.flatMap(OidcProvider.make(options), (server) => real("OidcProvider", server)),
  NodeOAuth2Server: Effect.flatMap(NodeOAuth2Server.make(options), (server) =>
    real("NodeOAuth2Server", server)
  )
}

/** A reply, as far as it is compared. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

export type Form = Readonly<Record<string, string>>

/** Which client sends it, and how. */
export type By =
  | "basic"
  | "post"
  | "native"
  | "web"
  | "nobody"
  | { readonly basic: readonly [string, string] }

const proof = (by: By): { readonly header?: string; readonly form: Form } => {
  if (typeof by === "object") return { header: `Basic ${btoa(by.basic.join(":"))}`, form: {} }
  switch (by) {
    case "nobody":
      return { form: {} }
    case "native":
      return { form: { client_id: "native" } }
    case "post":
      return { form: { client_id: "post", client_secret: secret } }
    case "basic":
      return { header: `Basic ${btoa(`client:${secret}`)}`, form: {} }
    case "web":
      return { header: `Basic ${btoa(`web:${secret}`)}`, form: {} }
  }
}

const parsed = (text: string): Reply["body"] => {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === "object" && json !== null ? { ...json } : {}
  } catch {
    return {}
  }
}

export const send = (
  { client }: Pick<ServerUnderTest, "client">,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<Reply> =>
  Effect.gen(function* () {
    const response = yield* client.execute(request)
    const text = yield* response.text
    return { status: response.status, headers: response.headers, body: parsed(text) }
  }).pipe(Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }), Effect.orDie)

/** Posts a form to an endpoint. */
export const post = (
  server: Pick<ServerUnderTest, "client">,
  url: string,
  form: Form | ReadonlyArray<readonly [string, string]>,
  by: By = "basic"
): Effect.Effect<Reply> => {
  const { form: more, header } = proof(by)
  const pairs = [...Object.entries(more), ...(Symbol.iterator in form ? form : Object.entries(form))]
  const body = new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString()
  return send(
    server,
    HttpClientRequest.post(url, {
      body: HttpBody.text(body, "application/x-www-form-urlencoded"),
      headers: header === undefined ? {} : { authorization: header }
    })
  )
}

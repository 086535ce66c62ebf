import { connect, type Socket } from "node:net"
import { Fixtures, SampleServer } from "@effect-oauth/sample-server"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** A whole reply. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** Sends a request. Redirects are not followed. */
export const ask = (url: string, init: RequestInit = {}): Effect.Effect<Reply> =>
  Effect.promise(async () => {
    const response = await fetch(url, { redirect: "manual", ...init })
    return { status: response.status, headers: response.headers, body: await response.text() }
  })

const goOn = "HTTP/1.1 100 Continue\r\n\r\n"

interface Connection {
  readonly socket: Socket
  readonly begin: (request: string) => Effect.Effect<void>
  readonly end: Effect.Effect<string>
}

/** A connection, and all that comes from it until it ends. */
export const dial = (origin: string) =>
  Effect.acquireRelease(
    Effect.async<Connection>((resume) => {
      const socket = connect(Number(new URL(origin).port), "127.0.0.1")
      let received = ""
      let expectation: (() => void) | undefined
      socket.setEncoding("utf8").on("data", (text: string) => {
        received += text
        if (!received.startsWith(goOn)) return
        received = received.slice(goOn.length)
        expectation?.()
      })
      const end = Effect.promise(
        () =>
          new Promise<string>((resolve) => {
            if (socket.closed) return resolve(received)
            socket.on("close", () => resolve(received))
          })
      )
      /** Sends what has `Expect: 100-continue`, and waits until the server has read its head. */
      const begin = (request: string) =>
        Effect.async<void>((done) => {
          expectation = () => done(Effect.void)
          socket.write(request)
        })
      socket.on("error", () => undefined)
      socket.on("connect", () => resume(Effect.succeed({ socket, begin, end })))
    }),
    ({ socket }) => Effect.sync(() => socket.destroy())
  )

/** Gets a path of the server. */
export const get = (
  path: string,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<Reply, never, SampleServer.SampleServer> =>
  Effect.flatMap(SampleServer.SampleServer, ({ origin }) => ask(origin + path, { headers }))

/** The secrets among the fixtures, as they stand on the wire. */
export const known = {
  clientSecret: Redacted.value(Fixtures.defaults.clientSecret),
  password: Redacted.value(Fixtures.defaults.password),
  authorizationCode: Redacted.value(Fixtures.defaults.authorizationCode),
  bearerToken: Redacted.value(Fixtures.defaults.bearerToken),
  basicPassword: Redacted.value(Fixtures.defaults.basicPassword),
  token: Redacted.value(Fixtures.defaults.token),
  apiKey: Redacted.value(Fixtures.defaults.apiKey)
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

export const basic = (username: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`
})

export const basicAuth = basic(Fixtures.defaults.basicUsername, known.basicPassword)

export const client = basic(Fixtures.defaults.clientId, known.clientSecret)

export const keys = { token: known.token, "api-key": known.apiKey }

export const keyQuery = `?${new URLSearchParams(keys)}`

const TokenBody = Schema.Struct({
  access_token: Schema.String,
  token_type: Schema.String,
  expires_in: Schema.Int,
  scope: Schema.String,
  refresh_token: Schema.optional(Schema.String)
})

const ErrorBody = Schema.Struct({ error: Schema.String, error_description: Schema.String })

const parse = Schema.decodeUnknownSync(Schema.parseJson(Schema.Union(TokenBody, ErrorBody)))

/** A reply of a token path, whose body has to be that of RFC 6749, section 5.1 or 5.2. */
export const post = (
  path: "/oauth2/auth-server/request_token" | "/oauth2/non-auth-server/token",
  form: Readonly<Record<string, string>> | string,
  headers: Readonly<Record<string, string>> = client
): Effect.Effect<
  Omit<Reply, "body"> & { readonly body: ReturnType<typeof parse> },
  never,
  SampleServer.SampleServer
> =>
  Effect.gen(function* () {
    const { origin } = yield* SampleServer.SampleServer
    const reply = yield* ask(origin + path, { method: "POST", headers, body: new URLSearchParams(form) })
    return { ...reply, body: parse(reply.body) }
  })

/** A token of RFC 6749, section 5.1; a refusal is a defect. */
export const tokenBy = (
  grant: "authorization_code" | "client_credentials" | "password" | "refresh_token",
  form: Readonly<Record<string, string>> = {}
): Effect.Effect<typeof TokenBody.Type, never, SampleServer.SampleServer> =>
  Effect.flatMap(
    post(
      grant === "client_credentials" ? "/oauth2/auth-server/request_token" : "/oauth2/non-auth-server/token",
      { grant_type: grant, ...forms[grant], ...form }
    ),
    ({ body }) => ("access_token" in body ? Effect.succeed(body) : Effect.dieMessage(body.error))
  )

const forms = {
  authorization_code: { code: known.authorizationCode, redirect_uri: "http://localhost:8080/callback" },
  client_credentials: {},
  password: { username: Fixtures.defaults.username, password: known.password },
  refresh_token: {}
}

const RefusalBody = Schema.Struct({
  error: Schema.String,
  message: Schema.String,
  alternatives: Schema.Array(
    Schema.Struct({
      schemes: Schema.Array(Schema.String),
      lacking: Schema.Array(Schema.Struct({ scheme: Schema.String, reason: Schema.String }))
    })
  )
})

const parseRefusal = Schema.decodeUnknownSync(Schema.parseJson(RefusalBody))

/** What a 401 says is missing, a line an alternative, and how it asks for it. */
export const refusalOf = ({ body, headers, status }: Reply) => ({
  status,
  lacking: parseRefusal(body).alternatives.map(({ lacking }) =>
    lacking.map(({ reason, scheme }) => `${scheme}: ${reason}`).join("; ")
  ),
  challenge: headers.get("www-authenticate")
})

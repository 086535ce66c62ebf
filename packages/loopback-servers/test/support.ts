import * as Effect from "effect/Effect"
import type { LoopbackServer } from "../src/LoopbackServer.js"
import type { TokenServer } from "../src/TokenServer.js"

/** The members of a token endpoint's replies, successes and failures together. */
export interface TokenReplyBody {
  readonly access_token?: string
  readonly refresh_token?: string
  readonly id_token?: string
  readonly token_type?: string
  readonly expires_in?: number
  readonly scope?: string
  readonly error?: string
}

export interface TokenReply extends TokenReplyBody {
  readonly status: number
  readonly challenge: string | null
}

export const passwordForm = { grant_type: "password", username: "alice", password: "wonderland" }

/** Posts a form with HTTP Basic; an empty `client` sends none. */
export const post = (
  url: string,
  form: Readonly<Record<string, string>>,
  client = "client:client-secret"
): Effect.Effect<TokenReply> =>
  Effect.promise(async () => {
    const response = await fetch(url, {
      method: "POST",
      body: new URLSearchParams(form),
      ...(client !== "" && { headers: { authorization: `Basic ${btoa(client)}` } })
    })
    const text = await response.text()
    const body: TokenReplyBody = text === "" ? {} : JSON.parse(text)
    return { ...body, status: response.status, challenge: response.headers.get("www-authenticate") }
  })

export const logIn = (server: TokenServer): Effect.Effect<TokenReply> =>
  post(server.tokenEndpoint, passwordForm)

export const refresh = (server: TokenServer, refreshToken = ""): Effect.Effect<TokenReply> =>
  post(server.tokenEndpoint, { grant_type: "refresh_token", refresh_token: refreshToken })

export interface ResourceReply {
  readonly status: number
  readonly body: string
  readonly challenge: string | null
}

export const call = (
  { origin }: LoopbackServer,
  path: string,
  accessToken?: string,
  init: RequestInit = {}
): Effect.Effect<ResourceReply> =>
  Effect.promise(async () => {
    const response = await fetch(origin + path, {
      ...init,
      ...(accessToken !== undefined && { headers: { authorization: `Bearer ${accessToken}` } })
    })
    const challenge = response.headers.get("www-authenticate")
    return { status: response.status, body: await response.text(), challenge }
  })

export const userPath = "/oauth2/non-auth-server/user"

export const getUser = (server: LoopbackServer, accessToken?: string): Effect.Effect<ResourceReply> =>
  call(server, userPath, accessToken)

import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client"
import * as Effect from "effect/Effect"
import { UserRefreshClient } from "google-auth-library"
import { type AccessToken, ResourceOwnerPassword } from "simple-oauth2"
import type { Making } from "./Keeper.js"
import { storedOf } from "./stored.js"

/** A map with an object of the library for each session. */
const mapOf = <A>(make: (key: string) => A, tokenOf: (held: A) => unknown): Making =>
  Effect.sync(() => {
    const all = new Map<string, A>()
    return {
      takeUp: (key) =>
        Effect.promise(async () => {
          const held = make(key)
          all.set(key, held)
          await tokenOf(held)
        }),
      lookUp: (key) =>
        Effect.promise(async () => {
          const held = all.get(key)
          return held === undefined ? undefined : tokenOf(held)
        })
    }
  })

export const badgateway: Making = Effect.suspend(() => {
  const client = new OAuth2Client({
    server: "https://auth.example.com",
    clientId: "client",
    clientSecret: "secret"
  })
  return mapOf(
    (key) =>
      new OAuth2Fetch({
        client,
        getNewToken: () => null,
        getStoredToken: () => {
          const { access_token, expiry, refresh_token } = storedOf(key)
          return { accessToken: access_token, refreshToken: refresh_token, expiresAt: expiry * 1000 }
        }
      }),
    (wrapper) => wrapper.getAccessToken()
  )
})

export const googleAuthLibrary: Making = mapOf(
  (key) => {
    const { access_token, expiry, refresh_token } = storedOf(key)
    const client = new UserRefreshClient({
      clientId: "client",
      clientSecret: "secret",
      refreshToken: refresh_token
    })
    client.setCredentials({ access_token, refresh_token, expiry_date: expiry * 1000 })
    return client
  },
  (client) => client.getAccessToken()
)

export const simpleOAuth2: Making = Effect.suspend(() => {
  const client = new ResourceOwnerPassword({
    client: { id: "client", secret: "secret" },
    auth: { tokenHost: "https://auth.example.com" }
  })
  return mapOf<AccessToken>(
    (key) => {
      const { expiry, ...stored } = storedOf(key)
      return client.createToken({ ...stored, expires_at: new Date(expiry * 1000) })
    },
    (held) => (held.expired() ? undefined : held.token["access_token"])
  )
})

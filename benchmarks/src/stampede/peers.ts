import * as Badgateway from "@badgateway/oauth2-client"
import * as Effect from "effect/Effect"
import { UserRefreshClient } from "google-auth-library"
import * as Oauth4webapi from "oauth4webapi"
import * as OpenidClient from "openid-client"
import { ResourceOwnerPassword } from "simple-oauth2"
import { keeper, type Subject } from "./Subject.js"

const badgateway: Subject = {
  name: "@badgateway/oauth2-client",
  proof: "basic",
  keep: ({ clientId, clientSecret, ...session }) =>
    Effect.sync(() => {
      const client = new Badgateway.OAuth2Client({
        server: session.origin,
        tokenEndpoint: session.tokenEndpoint,
        clientId,
        clientSecret,
        authenticationMethod: "client_secret_basic"
      })
      const wrapper = new Badgateway.OAuth2Fetch({
        client,
        getNewToken: () => null,
        getStoredToken: () => session,
        // Its timer would keep the process alive.
        scheduleRefresh: false
      })
      return keeper(
        () => wrapper.getAccessToken(),
        async () => (await wrapper.getToken()).refreshToken
      )
    })
}

const byHand = "Keeps no token: its caller refreshes when the token has run out, as its documentation shows."

const openidClient: Subject = {
  name: "openid-client",
  note: byHand,
  proof: "basic",
  asksForEach: true,
  keep: ({ clientId, clientSecret, origin, tokenEndpoint, ...session }) =>
    Effect.sync(() => {
      const configuration = new OpenidClient.Configuration(
        { issuer: origin, token_endpoint: tokenEndpoint },
        clientId,
        undefined,
        OpenidClient.ClientSecretBasic(clientSecret)
      )
      OpenidClient.allowInsecureRequests(configuration)
      let held = { ...session }
      return keeper(
        async () => {
          if (held.expiresAt <= Date.now()) {
            const reply = await OpenidClient.refreshTokenGrant(configuration, held.refreshToken)
            held = {
              accessToken: reply.access_token,
              refreshToken: reply.refresh_token ?? held.refreshToken,
              expiresAt: Date.now() + (reply.expiresIn() ?? 0) * 1000
            }
          }
          return held.accessToken
        },
        () => held.refreshToken
      )
    })
}

const oauth4webapi: Subject = {
  name: "oauth4webapi",
  note: byHand,
  proof: "basic",
  asksForEach: true,
  keep: ({ clientId, clientSecret, origin, tokenEndpoint, ...session }) =>
    Effect.sync(() => {
      const server = { issuer: origin, token_endpoint: tokenEndpoint }
      const client = { client_id: clientId }
      const authentication = Oauth4webapi.ClientSecretBasic(clientSecret)
      let held = { ...session }
      return keeper(
        async () => {
          if (held.expiresAt <= Date.now()) {
            const response = await Oauth4webapi.refreshTokenGrantRequest(
              server,
              client,
              authentication,
              held.refreshToken,
              { [Oauth4webapi.allowInsecureRequests]: true }
            )
            const reply = await Oauth4webapi.processRefreshTokenResponse(server, client, response)
            held = {
              accessToken: reply.access_token,
              refreshToken: reply.refresh_token ?? held.refreshToken,
              expiresAt: Date.now() + (reply.expires_in ?? 0) * 1000
            }
          }
          return held.accessToken
        },
        () => held.refreshToken
      )
    })
}

const simpleOAuth2: Subject = {
  name: "simple-oauth2",
  note: "Its caller asks `expired()` and calls `refresh()`, as its documentation shows.",
  proof: "basic",
  asksForEach: true,
  keep: ({ clientId, clientSecret, ...session }) =>
    Effect.sync(() => {
      const client = new ResourceOwnerPassword({
        client: { id: clientId, secret: clientSecret },
        auth: { tokenHost: session.origin }
      })
      let held = client.createToken({
        access_token: session.accessToken,
        refresh_token: session.refreshToken,
        expires_at: new Date(session.expiresAt)
      })
      const told = (name: string): string => String(held.token[name])
      return keeper(
        async () => {
          if (held.expired()) held = await held.refresh()
          return told("access_token")
        },
        () => told("refresh_token")
      )
    })
}

const googleAuthLibrary: Subject = {
  name: "google-auth-library",
  note: "After each refresh it goes back to the refresh token that it began with, which a server that rotates takes for stolen.",
  proof: "post",
  keep: ({ clientId, clientSecret, accessToken, expiresAt, refreshToken, tokenEndpoint }) =>
    Effect.sync(() => {
      const client = new UserRefreshClient({
        clientId,
        clientSecret,
        refreshToken,
        endpoints: { oauth2TokenUrl: tokenEndpoint }
      })
      client.setCredentials({
        access_token: accessToken,
        refresh_token: refreshToken,
        expiry_date: expiresAt
      })
      return keeper(
        async () => String((await client.getAccessToken()).token),
        () => client.credentials.refresh_token
      )
    })
}

export const peers: ReadonlyArray<Subject> = [
  badgateway,
  googleAuthLibrary,
  openidClient,
  oauth4webapi,
  simpleOAuth2
]

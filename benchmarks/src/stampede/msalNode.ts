import {
  ConfidentialClientApplication,
  type INetworkModule,
  type NetworkResponse,
  ProtocolMode
} from "@azure/msal-node"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { keeper, type Subject } from "./Subject.js"

const authority = "https://authority.invalid"

/** Sends to this machine what is meant for an authority, which has to have an https address. */
const networkTo = (tokenEndpoint: string): INetworkModule => ({
  sendPostRequestAsync: async <T>(
    _: string,
    options?: { readonly headers?: Record<string, string>; readonly body?: string }
  ) => {
    const response = await fetch(tokenEndpoint, {
      method: "POST",
      headers: options?.headers ?? {},
      body: options?.body ?? ""
    })
    const reply: NetworkResponse<T> = { headers: {}, body: await response.json(), status: response.status }
    return reply
  },
  sendGetRequestAsync: (url) => Promise.reject(new Error(`${url} was not to be asked`))
})

/** What of its cache matters here, in the form in which it is stored. */
const Cache = Schema.parseJson(
  Schema.Struct(
    {
      AccessToken: Schema.Record({
        key: Schema.String,
        value: Schema.Struct(
          { expires_on: Schema.String },
          Schema.Record({ key: Schema.String, value: Schema.Unknown })
        )
      }),
      RefreshToken: Schema.Record({
        key: Schema.String,
        value: Schema.Struct(
          { secret: Schema.String },
          Schema.Record({ key: Schema.String, value: Schema.Unknown })
        )
      })
    },
    Schema.Record({ key: Schema.String, value: Schema.Unknown })
  )
)

const withTokensExpiredAt = (text: string, expiresAt: number): string => {
  const cache = Schema.decodeSync(Cache)(text)
  const expires_on = String(Math.floor(expiresAt / 1000))
  const AccessToken = Object.fromEntries(
    Object.entries(cache.AccessToken).map(([key, token]) => [
      key,
      { ...token, expires_on, extended_expires_on: expires_on }
    ])
  )
  return Schema.encodeSync(Cache)({ ...cache, AccessToken })
}

export const msalNode: Subject = {
  name: "@azure/msal-node",
  note: "Wants an authority over https, so its network module sends what is meant for that to this machine. Its cache was given the session, and the expiry in it set back.",
  proof: "post",
  // Without an ID token it makes no account, and without an account nothing is refreshed.
  scope: "openid profile offline_access api",
  keep: ({ clientId, clientSecret, expiresAt, origin, refreshToken, tokenEndpoint }) =>
    Effect.promise(async () => {
      const application = new ConfidentialClientApplication({
        auth: {
          clientId,
          clientSecret,
          authority,
          knownAuthorities: ["authority.invalid"],
          authorityMetadata: JSON.stringify({
            issuer: origin,
            authorization_endpoint: `${authority}/authorize`,
            token_endpoint: `${authority}/token`,
            jwks_uri: `${authority}/keys`
          })
        },
        system: { networkClient: networkTo(tokenEndpoint), protocolMode: ProtocolMode.OIDC }
      })
      const scopes = ["api"]
      const result = await application.acquireTokenByRefreshToken({ refreshToken, scopes, forceCache: true })
      const account = result?.account
      if (!account) throw new Error("MSAL has made no account of the session")
      const cache = application.getTokenCache()
      cache.deserialize(withTokensExpiredAt(cache.serialize(), expiresAt))
      return keeper(
        async () => (await application.acquireTokenSilent({ account, scopes })).accessToken,
        () => Object.values(Schema.decodeSync(Cache)(cache.serialize()).RefreshToken)[0]?.secret
      )
    })
}

import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as OAuthToken from "../OAuthToken.js"
import type * as TokenEndpoint from "../TokenEndpoint.js"

/** First what can bring new tokens, then what opens doors now: a crash in between leaves nothing that lives on. */
export const revoke = (
  endpoint: TokenEndpoint.Service,
  session: Option.Option<OAuthToken.OAuthToken>
): Effect.Effect<void, TokenEndpoint.TokenEndpointError> =>
  Option.match(session, {
    onNone: () => Effect.void,
    onSome: (token) =>
      Effect.zipRight(
        Option.match(token.refreshToken, {
          onNone: () => Effect.void,
          onSome: (value) => endpoint.revokeToken(value, "refresh_token")
        }),
        // Servers need not support this one (RFC 7009 section 2.1); it ends by itself.
        endpoint
          .revokeToken(token.accessToken, "access_token")
          .pipe(Effect.catchTag("OAuthProviderException", () => Effect.void))
      )
  })

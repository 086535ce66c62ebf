import type { Observation } from "./cases.js"
import type { Name } from "./ServerUnderTest.js"

/** What a server does instead of what is expected of all, and why that is no fault of this one. */
export interface Difference {
  readonly observed: Observation
  readonly because: string
}

/** By server, then by the name of the case. What is not here is the same for all. */
export const differences: Readonly<Record<Name, Readonly<Record<string, Difference>>>> = {
  TestAuthorizationServer: {},
  "TestAuthorizationServer on a socket": {},
  OidcProvider: {
    "a public client has no credentials": {
      observed: { status: 400, error: "invalid_request" },
      because: "another word for the refusal; RFC 6749 section 5.2 has unauthorized_client for it"
    },
    "GET at the token endpoint": {
      observed: { status: 404 },
      because: "it has no such route; RFC 9110 has 405"
    },
    "no client": {
      observed: { status: 400, error: "invalid_request" },
      because: "RFC 6749 section 5.2 has invalid_client for a request without client authentication"
    },
    "a header from a client that is to use the form": {
      observed: { status: 200 },
      because: "it takes the secret in either place; here the client's authenticationMethods decide"
    },
    "a scope that there is not, at the authorization endpoint": {
      observed: { error: undefined, state: "state-1" },
      because: "it leaves out unknown scopes, which RFC 6749 section 3.3 allows"
    },
    "an access token is revoked alone": {
      observed: { status: 200, isActive: false, refresh: 400 },
      because: "with the access token it ends the session, which RFC 7009 section 2.1 allows"
    },
    "the token of another client": {
      observed: { status: 200, error: undefined, isActive: true },
      because: "it says nothing and does nothing; RFC 7009 section 2.1 refuses and informs"
    },
    "a revocation by nobody": {
      observed: { status: 400, error: "invalid_request" },
      because: "as without a client at the token endpoint"
    },
    "an introspection by nobody": {
      observed: { status: 400, error: "invalid_request" },
      because: "as without a client at the token endpoint"
    }
  },
  NodeOAuth2Server: {
    "a parameter without a value is none": {
      observed: { scope: undefined },
      because: "it takes an empty scope for one; RFC 6749 section 3.2 has it count as left out"
    },
    "a public client has no credentials": {
      observed: { status: 400, error: "invalid_client" },
      because: "it misses the secret before it looks at the grant"
    },
    "a parameter that comes twice": {
      observed: { status: 200, error: undefined },
      because: "it takes the last one; RFC 6749 section 3.2 forbids it"
    },
    "GET at the token endpoint": { observed: { status: 400 }, because: "another status; RFC 9110 has 405" },
    "a wrong secret in the form": {
      observed: { status: 400, error: "invalid_client" },
      because: "401 is for the header only, which RFC 6749 section 5.2 allows"
    },
    "an unknown client in the form": {
      observed: { status: 400, error: "invalid_client" },
      because: "401 is for the header only, which RFC 6749 section 5.2 allows"
    },
    "no client": {
      observed: { status: 400, error: "invalid_client" },
      because: "401 is for the header only, which RFC 6749 section 5.2 allows"
    },
    "a client that does not prove itself": {
      observed: { status: 400, error: "invalid_client" },
      because: "401 is for the header only, which RFC 6749 section 5.2 allows"
    },
    "a header from a client that is to use the form": {
      observed: { status: 200, error: undefined },
      because: "it takes the secret in either place; here the client's authenticationMethods decide"
    },
    "header and form at once": {
      observed: { status: 200, error: undefined },
      because: "it looks at the header alone; RFC 6749 section 2.3 forbids both"
    },
    "a refresh token that is used again": {
      observed: { status: 400, error: "invalid_grant", isAccessTokenActive: true, newest: 200 },
      because: 'it detects no reuse; onReuse: "refuse" is the same here'
    },
    "a refresh with less scope": {
      observed: { narrow: "api", again: "api" },
      because: "the new refresh token is narrower too; RFC 6749 section 6 wants its scope kept"
    },
    "a refresh with more scope": {
      observed: { status: 400, error: "invalid_scope", again: 400 },
      because: "the refused request has spent the refresh token"
    },
    "a code begins a session": {
      observed: { state: "state-1", namesItself: false, status: 200, scope: "api", hasRefreshToken: true },
      because: "it has no issuer, and is older than RFC 9207"
    },
    "a code that is used again": {
      observed: { status: 400, error: "invalid_grant", isAccessTokenActive: true, refresh: 200 },
      because: "what came of the code lives on; RFC 6749 section 4.1.2 has it revoked if possible"
    },
    "a wrong verifier": {
      observed: { status: 400, error: "invalid_grant", thenRight: 400 },
      because: "a refused request spends the code"
    },
    "no verifier": {
      observed: { status: 400, error: "invalid_grant", thenRight: 400 },
      because: "a refused request spends the code"
    },
    "another redirect URI": {
      observed: { status: 400, error: "invalid_request", thenRight: 400 },
      because: "another word, and a refused request spends the code"
    },
    "a verifier without a challenge": {
      observed: { status: 400, error: "invalid_grant", thenRight: 400 },
      because: "a refused request spends the code"
    },
    "a public client without a challenge": {
      observed: { error: undefined, state: "state-1" },
      because: 'it does not require PKCE of anybody; proofKeys: "optional" is the same here'
    }
  }
}

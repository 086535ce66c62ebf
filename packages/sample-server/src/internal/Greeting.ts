import * as Equal from "effect/Equal"
import * as Redacted from "effect/Redacted"
import { defaults, type Fixtures } from "../Fixtures.js"
import type * as SampleServer from "../SampleServer.js"

/** What is printed when the server is up: where it is, and how callers prove themselves. */
export const text = ({ fixtures, origin, servers }: SampleServer.Service): string =>
  `MultiAuth-Sample API on ${origin} (stop with Ctrl+C)

  OAuthBearerToken     token ${shown(fixtures, "bearerToken")}
  OAuthCCG             client ${fixtures.clientId}, secret ${shown(fixtures, "clientSecret")}, at ${servers.AUTH}
  OAuthACG             the same client, code ${shown(fixtures, "authorizationCode")}, good again and again, or ${origin}/oauth/authorize
  OAuthROPCG           the same client, user ${fixtures.username}, password ${shown(fixtures, "password")}
  basicAuth            user ${fixtures.basicUsername}, password ${shown(fixtures, "basicPassword")}
  apiKey, apiHeader    token ${shown(fixtures, "token")}, api-key ${shown(fixtures, "apiKey")}
`

/** The defaults are public. What somebody chose may be a secret, and is not shown. */
const shown = (
  fixtures: Fixtures,
  name:
    | "apiKey"
    | "authorizationCode"
    | "basicPassword"
    | "bearerToken"
    | "clientSecret"
    | "password"
    | "token"
): string =>
  Equal.equals(fixtures[name], defaults[name]) ? Redacted.value(defaults[name]) : "(as it was set)"

import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { AuthenticationMethod } from "../TestClient.js"
import { type Refusal, refusal } from "./answer.js"
import { isSame, redacted } from "./secretText.js"
import type { Client, State } from "./state.js"

/** What a request says about who sent it. */
interface Claim {
  readonly clientId: string
  readonly clientSecret: string | undefined
  readonly methods: ReadonlyArray<AuthenticationMethod>
}

const challenge = { "www-authenticate": 'Basic realm="authorization server", charset="UTF-8"' }

/** RFC 6749 section 5.2: whoever used the `Authorization` header is told how to. */
const unknown = (isByHeader: boolean): Refusal => ({
  ...refusal("invalid_client", "The client is unknown, or did not prove itself as it is registered to.", 401),
  headers: isByHeader ? challenge : undefined
})

/** RFC 6749 appendix B, without a failure: what is not well-formed does not become a secret that is right. */
const formDecoded = (text: string): string => new URLSearchParams(`_=${text}`).get("_") ?? ""

/** RFC 7617 section 2. The same credentials can be meant raw or form-encoded. */
const basicClaims = (authorization: string): ReadonlyArray<Claim> => {
  const encoded = /^basic +(\S+)$/i.exec(authorization)?.[1] ?? ""
  const decoded = Either.getOrElse(Encoding.decodeBase64String(encoded), () => "")
  const colon = decoded.indexOf(":")
  if (colon === -1) return []
  const [clientId, clientSecret] = [decoded.slice(0, colon), decoded.slice(colon + 1)]
  return [
    {
      clientId: formDecoded(clientId),
      clientSecret: formDecoded(clientSecret),
      methods: ["client_secret_basic"]
    },
    { clientId, clientSecret, methods: ["client_secret_basic_raw"] }
  ]
}

const formClaims = (parameters: ReadonlyMap<string, string>): ReadonlyArray<Claim> => {
  const clientId = parameters.get("client_id")
  const clientSecret = parameters.get("client_secret")
  if (clientId === undefined) return []
  return [{ clientId, clientSecret, methods: clientSecret === undefined ? ["none"] : ["client_secret_post"] }]
}

const isProof = (client: Client, claim: Claim): boolean =>
  claim.methods.some((method) => client.authenticationMethods.includes(method)) &&
  (claim.clientSecret === undefined ||
    (client.clientSecret !== undefined && isSame(client.clientSecret, redacted(claim.clientSecret))))

/** The client that sent a request, if it has proved so (RFC 6749 sections 2.3 and 3.2.1). */
export const authenticateClient = (
  state: State,
  authorization: string | undefined,
  parameters: ReadonlyMap<string, string>
): Either.Either<Client, Refusal> => {
  const isByHeader = authorization !== undefined
  if (isByHeader && parameters.has("client_secret")) {
    return Either.left(
      refusal("invalid_request", "The client proves itself in more than one way (RFC 6749 section 2.3).")
    )
  }
  const claims = isByHeader ? basicClaims(authorization) : formClaims(parameters)
  for (const claim of claims) {
    const client = Option.getOrUndefined(HashMap.get(state.clients, claim.clientId))
    if (client === undefined || !isProof(client, claim)) continue
    return (parameters.get("client_id") ?? claim.clientId) === claim.clientId
      ? Either.right(client)
      : Either.left(refusal("invalid_request", "client_id is not the client that proved itself."))
  }
  return Either.left(unknown(isByHeader))
}

import type { Policy } from "./policy.js"
import type { Client } from "./state.js"
import { grantTypes } from "./tokenEndpoint.js"

/** How the server describes itself (RFC 8414 section 2). */
export const metadata = (
  issuer: string,
  paths: Readonly<Record<"authorization" | "token" | "revocation" | "introspection", string>>,
  policy: Policy,
  clients: ReadonlyArray<Client>
): Readonly<Record<string, unknown>> => {
  const methods = new Set(
    clients.flatMap(({ authenticationMethods }) =>
      // The registry knows one name for both ways of writing Basic credentials.
      authenticationMethods.map((method) =>
        method === "client_secret_basic_raw" ? "client_secret_basic" : method
      )
    )
  )
  const secretMethods = [...methods].filter((method) => method !== "none")
  return {
    issuer,
    authorization_endpoint: issuer + paths.authorization,
    token_endpoint: issuer + paths.token,
    revocation_endpoint: issuer + paths.revocation,
    introspection_endpoint: issuer + paths.introspection,
    scopes_supported: policy.scopes,
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: grantTypes,
    token_endpoint_auth_methods_supported: [...methods],
    revocation_endpoint_auth_methods_supported: [...methods],
    introspection_endpoint_auth_methods_supported: secretMethods,
    code_challenge_methods_supported: policy.plainProofKeys ? ["S256", "plain"] : ["S256"],
    authorization_response_iss_parameter_supported: true
  }
}

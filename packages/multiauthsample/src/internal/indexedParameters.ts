import type { TokenManager, TokenRequest } from "@effect-oauth/client"

/** Lists as the API takes them: `name[0]=a&name[1]=b`. */
export const indexedParameters = (
  parameters: TokenRequest.AdditionalParameters | undefined
): TokenRequest.AdditionalParameters | undefined =>
  parameters === undefined
    ? undefined
    : Object.fromEntries(
        Object.entries(parameters).flatMap(([name, value]) =>
          Array.isArray(value) ? value.map((one, index) => [`${name}[${index}]`, one]) : [[name, value]]
        )
      )

/** What a request for a token adds. */
export const adding = (
  parameters: TokenRequest.AdditionalParameters | undefined
): TokenManager.RequestOptions | undefined =>
  parameters === undefined ? undefined : { additionalParameters: indexedParameters(parameters) }

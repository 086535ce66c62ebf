/**
 * @since 0.1.0
 */

/**
 * Where the API runs. `TESTING` (the default) is this machine; `PRODUCTION` is plain http on a public host, and is
 * refused unless its origins are named in `insecureOrigins`.
 *
 * @since 0.1.0
 * @category models
 */
export type Environment = "PRODUCTION" | "TESTING"

/**
 * The servers of an environment: `DEFAULT` serves the API and the tokens of two of its grants, `AUTH` the tokens of
 * the client credentials grant.
 *
 * @since 0.1.0
 * @category models
 */
export type Server = "DEFAULT" | "AUTH"

/**
 * The part that the `DEFAULT` server of `PRODUCTION` is chosen by.
 *
 * @since 0.1.0
 * @category models
 */
export const SuiteCode = { HEARTS: 1, SPADES: 2, CLUBS: 3, DIAMONDS: 4 } as const

/**
 * One of the values of `SuiteCode`.
 *
 * @since 0.1.0
 * @category models
 */
export type SuiteCode = (typeof SuiteCode)[keyof typeof SuiteCode]

/**
 * The base URLs as they are written down: `{suites}` stands for a suite code.
 *
 * @since 0.1.0
 * @category models
 */
export const baseUrls: Readonly<Record<Environment, Readonly<Record<Server, string>>>> = {
  PRODUCTION: {
    DEFAULT: "http://apimatic.hopto.org:{suites}",
    AUTH: "http://apimaticauth.hopto.org:3000"
  },
  TESTING: {
    DEFAULT: "http://localhost:3000",
    AUTH: "http://localhost:3000/oauth2/auth-server"
  }
}

/**
 * The base URL of a server.
 *
 * @example
 * ```ts
 * import { Environment } from "multiauthsample"
 *
 * const url = Environment.baseUrl("PRODUCTION", "DEFAULT", Environment.SuiteCode.SPADES) // http://apimatic.hopto.org:2
 * ```
 *
 * @since 0.1.0
 * @category accessors
 */
export const baseUrl = (
  environment: Environment,
  server: Server,
  suites: SuiteCode = SuiteCode.HEARTS
): string => baseUrls[environment][server].replace("{suites}", String(suites))

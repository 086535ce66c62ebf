import * as Schema from "effect/Schema"

/** The methods of client authentication by their registered names, and the raw form of one of them. */
export const methods = [
  "client_secret_basic",
  "client_secret_basic_raw",
  "client_secret_post",
  "none"
] as const

export type Method = (typeof methods)[number]

const Strings = Schema.Array(Schema.String)

/** What is kept of a profile in the configuration file. */
export const Profile = Schema.Struct({
  tokenEndpoint: Schema.optionalWith(Schema.String, { exact: true }),
  revocationEndpoint: Schema.optionalWith(Schema.String, { exact: true }),
  authorizationEndpoint: Schema.optionalWith(Schema.String, { exact: true }),
  issuer: Schema.optionalWith(Schema.String, { exact: true }),
  redirectUri: Schema.optionalWith(Schema.String, { exact: true }),
  clientId: Schema.optionalWith(Schema.String, { exact: true }),
  clientAuthentication: Schema.optionalWith(Schema.Literal(...methods), { exact: true }),
  clientSecretEnv: Schema.optionalWith(Schema.String, { exact: true }),
  clientSecret: Schema.optionalWith(Schema.String, { exact: true }),
  username: Schema.optionalWith(Schema.String, { exact: true }),
  scope: Schema.optionalWith(Schema.String, { exact: true }),
  origins: Schema.optionalWith(Strings, { exact: true }),
  insecureOrigins: Schema.optionalWith(Strings, { exact: true }),
  store: Schema.optionalWith(Schema.String, { exact: true }),
  key: Schema.optionalWith(Schema.String, { exact: true }),
  timeout: Schema.optionalWith(Schema.Number.pipe(Schema.positive()), { exact: true })
})

export type Profile = typeof Profile.Type

/** The fields of a profile. */
export const fields = [
  "tokenEndpoint",
  "revocationEndpoint",
  "authorizationEndpoint",
  "issuer",
  "redirectUri",
  "clientId",
  "clientAuthentication",
  "clientSecretEnv",
  "clientSecret",
  "username",
  "scope",
  "origins",
  "insecureOrigins",
  "store",
  "key",
  "timeout"
] as const satisfies ReadonlyArray<keyof Profile>

/** The configuration file. */
export const Configuration = Schema.Struct({
  defaultProfile: Schema.optionalWith(Schema.String, { exact: true }),
  profiles: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Profile }), {
    default: () => ({})
  })
})

export type Configuration = typeof Configuration.Type

/** A profile's name becomes the name of a file. */
export const isName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)

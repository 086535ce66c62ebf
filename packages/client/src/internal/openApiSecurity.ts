import type { OAuth2Flow, OneScheme, Requirement, Scheme } from "../ApiSecurity.js"

type Fields = Readonly<Record<string, unknown>>

/** A requirement as alternatives, each a list of schemes that are all needed: its disjunctive normal form. */
export const alternativesOf = <Name extends string>(
  requirement: Requirement<Name>
): ReadonlyArray<ReadonlyArray<OneScheme<Name>>> => {
  switch (requirement._tag) {
    case "None":
      return [[]]
    case "Scheme":
      return [[requirement]]
    case "Or":
      return requirement.requirements.flatMap(alternativesOf)
    case "And": {
      const [first, ...others] = requirement.requirements
      return others.reduce(
        (sofar, other) =>
          sofar.flatMap((schemes) => alternativesOf(other).map((more) => [...schemes, ...more])),
        alternativesOf(first)
      )
    }
  }
}

const defined = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const flow = (options: OAuth2Flow | undefined): Fields | undefined =>
  options === undefined ? undefined : defined({ scopes: {}, ...options })

// Keys of components are made of these characters.
const componentKey = (text: string): string => text.replace(/[^\w.-]/g, "_")

/** The Security Scheme Objects that a scheme is written as: a key in several parameters takes several of them. */
const securitySchemes = (name: string, scheme: Scheme): ReadonlyArray<readonly [key: string, Fields]> => {
  const one = (fields: Fields) => [
    [componentKey(name), defined({ ...fields, description: scheme.description })] as const
  ]
  switch (scheme._tag) {
    case "Basic":
      return one({ type: "http", scheme: "basic" })
    case "Bearer":
      return one({ type: "http", scheme: "bearer", bearerFormat: scheme.format })
    case "Custom":
      return one({ type: "http", scheme: "custom" })
    case "OAuth2":
      return one({
        type: "oauth2",
        flows: defined({
          clientCredentials: flow(scheme.clientCredentials),
          password: flow(scheme.password),
          authorizationCode: flow(scheme.authorizationCode)
        })
      })
    case "ApiKey":
      return scheme.names.flatMap((parameter) =>
        one({ type: "apiKey", in: scheme.in, name: parameter }).map(([key, fields]) => [
          scheme.names.length === 1 ? key : `${key}.${componentKey(parameter)}`,
          fields
        ])
      )
  }
}

/** The `securitySchemes` of a document. */
export const openApiSchemes = (schemes: ReadonlyArray<OneScheme>): Fields =>
  Object.fromEntries(schemes.flatMap(({ name, scheme }) => securitySchemes(name, scheme)))

/** The `security` of an operation. */
export const openApiSecurity = (
  requirement: Requirement
): ReadonlyArray<Readonly<Record<string, ReadonlyArray<string>>>> => {
  const alternatives = alternativesOf(requirement)
  return alternatives.every((schemes) => schemes.length === 0)
    ? []
    : alternatives.map((schemes) =>
        Object.fromEntries(
          schemes.flatMap(({ name, scheme }) =>
            securitySchemes(name, scheme).map(([key]) => [key, scopesOf(name, schemes)])
          )
        )
      )
}

/** A scheme that is needed twice at once is needed once, with the scopes of both. */
const scopesOf = (name: string, schemes: ReadonlyArray<OneScheme>): ReadonlyArray<string> =>
  Array.from(new Set(schemes.flatMap((scheme) => (scheme.name === name ? scheme.scopes : []))))

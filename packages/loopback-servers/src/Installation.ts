import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** A server that this machine has or has not, as it comes from no npm package. */
export interface Installation {
  readonly server: string
  /** The program that tells whether the server is there. */
  readonly program: string
  /** The path of the program. It is looked for anew each time. */
  readonly where: Effect.Effect<Option.Option<string>>
}

/**
 * The name and the options of a suite that needs these servers. Where one is missing the suite is skipped, and its
 * name says why; with `CI=true` it runs all the same, and fails.
 *
 * ```ts
 * describe(...needing("TokenStore on PostgreSQL", PostgreSQL.installation), () => {
 *   layer(PostgreSQL.layer())((it) => {
 *     it.effect("…", () => …)
 *   })
 * })
 * ```
 */
export const needing = (
  name: string,
  ...installations: ReadonlyArray<Installation>
): readonly [name: string, options: { readonly skip: boolean }] => {
  const missing = installations.filter(({ where }) => Option.isNone(Effect.runSync(where)))
  const reasons = missing.map(({ server, program }) => ` (needs ${server}: ${program} was not found)`)
  return [name + reasons.join(""), { skip: missing.length > 0 && process.env["CI"] !== "true" }]
}

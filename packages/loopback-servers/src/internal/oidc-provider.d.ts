/**
 * The package's own entry does one thing besides exporting these two modules: it prints a warning on a
 * Node older than 22, where the provider runs all the same. Its types name only the entry.
 */
declare module "oidc-provider/lib/provider.js" {
  export { Provider } from "oidc-provider"
}

declare module "oidc-provider/lib/helpers/errors.js" {
  import type { errors } from "oidc-provider"
  export const InvalidGrant: typeof errors.InvalidGrant
  export const InvalidRequest: typeof errors.InvalidRequest
  export const InvalidScope: typeof errors.InvalidScope
}

import { fileURLToPath } from "node:url"

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Tests read the sources of the sibling packages, so that no build has to come first. */
export const aliases = [
  { find: /^@effect-oauth\/client$/, replacement: source("packages/client/src/index.ts") },
  { find: /^@effect-oauth\/client\/(.+)$/, replacement: source("packages/client/src/$1.ts") },
  {
    find: /^@effect-oauth\/loopback-servers$/,
    replacement: source("packages/loopback-servers/src/index.ts")
  },
  {
    find: /^@effect-oauth\/loopback-servers\/(.+)$/,
    replacement: source("packages/loopback-servers/src/$1.ts")
  },
  { find: /^@effect-oauth\/sample-server$/, replacement: source("packages/sample-server/src/index.ts") },
  { find: /^@effect-oauth\/sample-server\/(.+)$/, replacement: source("packages/sample-server/src/$1.ts") },
  { find: /^@effect-oauth\/store-sql$/, replacement: source("packages/store-sql/src/index.ts") },
  { find: /^@effect-oauth\/store-redis$/, replacement: source("packages/store-redis/src/index.ts") },
  { find: /^@effect-oauth\/testing$/, replacement: source("packages/testing/src/index.ts") },
  { find: /^@effect-oauth\/testing\/(.+)$/, replacement: source("packages/testing/src/$1.ts") },
  { find: /^multiauthsample$/, replacement: source("packages/multiauthsample/src/index.ts") },
  { find: /^multiauthsample\/(.+)$/, replacement: source("packages/multiauthsample/src/$1.ts") }
]

import * as Effect from "effect/Effect"
import * as Record from "effect/Record"
import { digest } from "./digest.js"

/** What the server runs as one step. Its first key is the lease, its second the session. */
export interface Script {
  readonly lua: string
  /** By which a server knows a script that it was told once. */
  readonly sha: string
}

// By a script and not by GET, so that a cluster client which reads from replicas does not read this from one.
const read = `return redis.call("GET", KEYS[2])`

// The session is read first: a key that is no text fails before there is a lease. Whoever has the lease already may
// take it again, as the reply to the first attempt can get lost.
const acquire = `local text = redis.call("GET", KEYS[2])
local holder = redis.call("GET", KEYS[1])
if holder and holder ~= ARGV[1] then return {0} end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return {1, text}`

const renew = `if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
redis.call("PEXPIRE", KEYS[1], ARGV[2])
return 1`

// The text is not given to a script, but stored as a draft before it, which the third key names: the arguments of a
// script are shown by what traces a client, and those of SET are not. The lease stays, so that the same replacement
// can be sent once more when its reply got lost.
const replace = `if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  redis.call("DEL", KEYS[3])
  return 0
end
if redis.call("EXISTS", KEYS[3]) == 0 then return 2 end
redis.call("RENAME", KEYS[3], KEYS[2])
if ARGV[2] then redis.call("PEXPIRE", KEYS[2], ARGV[2]) else redis.call("PERSIST", KEYS[2]) end
return 1`

const remove = `if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
redis.call("DEL", KEYS[2])
return 1`

// The name comes from the server, as a client may put a prefix before it.
const setAside = `if redis.call("GET", KEYS[1]) ~= ARGV[1] then return false end
if redis.call("EXISTS", KEYS[2]) == 1 then redis.call("RENAME", KEYS[2], KEYS[3]) end
return KEYS[3]`

const release = `if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end
return 1`

/** All of them, by name. */
export const load = Effect.all(
  Record.map({ read, acquire, renew, replace, remove, setAside, release }, (lua) =>
    Effect.map(digest("SHA-1", lua), (sha): Script => ({ lua, sha }))
  )
)

export type Scripts = Effect.Effect.Success<typeof load>

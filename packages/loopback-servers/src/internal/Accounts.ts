import type { Profile } from "../Introspection.js"
import type { User } from "../User.js"

/** Looks users up, for logging in and for what a resource may show. */
export interface Accounts {
  readonly has: (username: string) => boolean
  readonly hasPassword: (username: string, password: string) => boolean
  readonly profile: (username: string | undefined) => Profile | undefined
}

export const make = (users: ReadonlyArray<User>): Accounts => {
  const find = (username: string | undefined) => users.find((user) => user.username === username)
  return {
    has: (username) => find(username) !== undefined,
    hasPassword: (username, password) => find(username)?.password === password,
    profile: (username) => {
      const user = find(username)
      return user && { id: users.indexOf(user) + 1, name: user.name, email: user.email }
    }
  }
}

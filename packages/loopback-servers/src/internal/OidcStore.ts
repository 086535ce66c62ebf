import type { Adapter, AdapterFactory, AdapterPayload } from "oidc-provider"
import { InvalidGrant } from "oidc-provider/lib/helpers/errors.js"

/**
 * Where one provider keeps its tokens. The provider's own in-memory adapter forgets the oldest of some
 * thousand entries, which a test with many sessions would take for revoked ones; this one forgets nothing.
 */
export interface OidcStore {
  readonly adapter: AdapterFactory
  /**
   * Whether this is kept and its lifetime is not over, to the millisecond. The provider cuts the start of
   * a lifetime down to the second, so that to it a token of two seconds may be over after one.
   */
  readonly isAlive: (model: string, id: string) => boolean
  /** Ends the session: the grant and all that came from it, also what is being issued right now. */
  readonly revoke: (grantId: string) => void
}

interface Entry {
  readonly payload: AdapterPayload
  readonly expiresAt: number
}

export const make = (): OidcStore => {
  const entries = new Map<string, Entry>()
  const families = new Map<string, Set<string>>()
  const revoked = new Set<string>()

  const key = (model: string, id: string): string => `${model}:${id}`

  const revoke = (grantId: string): void => {
    revoked.add(grantId)
    entries.delete(key("Grant", grantId))
    revokeTokens(grantId)
  }

  const revokeTokens = (grantId: string): void => {
    for (const member of families.get(grantId) ?? []) entries.delete(member)
    families.delete(grantId)
  }

  const findBy = async (model: string, has: (payload: AdapterPayload) => boolean) => {
    for (const [name, { payload }] of entries)
      if (name.startsWith(`${model}:`) && has(payload)) return payload
    return undefined
  }

  const adapter = (model: string): Adapter => ({
    upsert: async (id, payload, expiresIn) => {
      const { grantId } = payload
      if (grantId !== undefined) {
        if (revoked.has(grantId)) return
        families.set(grantId, (families.get(grantId) ?? new Set()).add(key(model, id)))
      }
      entries.set(key(model, id), {
        payload,
        expiresAt: expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000
      })
    },
    find: async (id) => entries.get(key(model, id))?.payload,
    findByUid: (uid) => findBy(model, (payload) => payload.uid === uid),
    findByUserCode: (userCode) => findBy(model, (payload) => payload.userCode === userCode),
    // The provider looks at `consumed` some steps before it gets here: of two that looked at the same
    // time only one may pass, and the other is reuse.
    consume: async (id) => {
      const entry = entries.get(key(model, id))
      if (entry === undefined || entry.payload.consumed !== undefined) {
        if (entry?.payload.grantId !== undefined) revoke(entry.payload.grantId)
        throw new InvalidGrant(`${model} already used`)
      }
      entries.set(key(model, id), {
        ...entry,
        payload: { ...entry.payload, consumed: Math.floor(Date.now() / 1000) }
      })
    },
    destroy: async (id) => {
      entries.delete(key(model, id))
    },
    revokeByGrantId: async (grantId) => revokeTokens(grantId)
  })

  return {
    adapter,
    isAlive: (model, id) => Date.now() < (entries.get(key(model, id))?.expiresAt ?? 0),
    revoke
  }
}

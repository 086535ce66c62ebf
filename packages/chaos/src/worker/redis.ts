import { RedisTokenStorage } from "@effect-oauth/store-redis"

export const storage = (url: string, options: { readonly leaseDuration: number }) =>
  RedisTokenStorage.connect({ ...options, url })

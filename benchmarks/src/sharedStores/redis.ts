import { RedisTokenStorage } from "@effect-oauth/store-redis"

export const redis = (url: string) => RedisTokenStorage.connect({ url })

declare module "simple-oauth2" {
  export interface AccessToken {
    readonly token: Readonly<Record<string, unknown>>
    readonly expired: (expirationWindowSeconds?: number) => boolean
    readonly refresh: () => Promise<AccessToken>
  }
  export class ResourceOwnerPassword {
    constructor(options: {
      readonly client: { readonly id: string; readonly secret: string }
      readonly auth: { readonly tokenHost: string }
    })
    getToken(parameters: { readonly username: string; readonly password: string }): Promise<AccessToken>
    createToken(token: Readonly<Record<string, unknown>>): AccessToken
  }
}

/**
 * A page on this machine, written so plainly that every parser of URLs finds the same host in it. Any port and path
 * will do, as a program for the desktop takes whatever port is free (RFC 8252, section 7.3).
 */
const loopback = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?([/?][!"$-[\]-~]*)?$/

/** Whether the user's browser may be sent there with a code: to this machine, or to what was registered, exactly. */
export const isAllowedRedirectUri = (redirectUri: string, registered: ReadonlyArray<string>): boolean =>
  loopback.test(redirectUri) || registered.includes(redirectUri)

/** One value as `application/x-www-form-urlencoded` has it (RFC 6749 appendix B). Never fails: a text that is not
 * well-formed loses what is not. */
export const formEncode = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1)

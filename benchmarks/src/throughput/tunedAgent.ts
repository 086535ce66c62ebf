/** How undici is set up where it is told how many connections there are. */
export const tunedAgent = { connections: 64 } as const

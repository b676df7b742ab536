/** How this command line was called, for commands that we suggest: the launcher says it, `mayfly` where that is on the PATH. */
export const commandName = process.env.MAYFLY_COMMAND ?? "mayfly";

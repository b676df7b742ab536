/** The name by which this command was called, used in suggested commands. The launcher sets it: `mayfly` if that is on the PATH. */
export const commandName = process.env.MAYFLY_COMMAND ?? "mayfly";

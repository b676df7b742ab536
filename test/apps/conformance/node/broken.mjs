/** It cannot be loaded. */
console.error("there is no database");
if (process.env.COLOUR === "green") throw new Error("it cannot begin");

export const handler = async () => "never called";

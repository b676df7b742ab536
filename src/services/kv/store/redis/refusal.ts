/** What a command is refused for: its reply, in Redis' own words where Redis has some. */
export class Refusal extends Error {}

/** What a command would return is larger than what may be returned now. */
export class TooLarge extends Error {}

export const wrongType = () => new Refusal("WRONGTYPE Operation against a key holding the wrong kind of value");
export const syntaxError = () => new Refusal("ERR syntax error");
export const notWhole = () => new Refusal("ERR value is not an integer or out of range");
export const noSuchKey = () => new Refusal("ERR no such key");

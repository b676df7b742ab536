/** Text that somebody has typed, as JSON. Pure. Throws if it is none. @param what it is, as the subject of a sentence */
export function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${what} is not JSON. ${(error as Error).message}`, { cause: error });
  }
}

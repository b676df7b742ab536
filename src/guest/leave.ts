/** The real process.exit, taken before user code can see it (its own is another: see user-exit.ts). */
const exit = process.exit.bind(process);

export function leave(code: number): never {
  return exit(code);
}

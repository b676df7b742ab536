/** "1 machine", "2 machines", "0 entries". @param many for what is no name and an s */
export function counted(count: number | string, one: string, many = `${one}s`): string {
  return `${count} ${String(count) === "1" ? one : many}`;
}

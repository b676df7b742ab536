/** "1 machine", "2 machines", "0 entries". @param many the plural, if it is not the singular with an s */
export function counted(count: number | string, one: string, many = `${one}s`): string {
  return `${count} ${String(count) === "1" ? one : many}`;
}

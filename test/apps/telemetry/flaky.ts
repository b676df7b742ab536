export function handler(): void {
  throw new Error("on purpose");
}

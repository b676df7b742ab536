export function handler(): string {
  return "heard of it";
}

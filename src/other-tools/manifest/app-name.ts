/** A service's, stack's or folder's name, reduced to what an app's name may have. */
export function appName(given: string): string {
  const name = given
    .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 64);
  return name === "" || name === "_mayfly" ? "app" : name;
}

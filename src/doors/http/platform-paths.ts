/** Paths with this prefix belong to the platform, on every host. */
const PLATFORM = "/_mayfly/";
const UNDERSCORE = 95;

/** Whether the path may be the platform's: nearly none is, and this look is the cheapest. */
export function mayBePlatforms(path: string): boolean {
  return path.charCodeAt(1) === UNDERSCORE;
}

export function isPlatforms(path: string): boolean {
  return mayBePlatforms(path) && path.startsWith(PLATFORM);
}

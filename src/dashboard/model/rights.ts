/** What roles may do, so that pages offer nothing that the API would refuse; the API decides. Pure. */

const roles = {
  read: ["operator", "tenant-admin", "deployer", "reader"],
  deploy: ["operator", "tenant-admin", "deployer"],
  invoke: ["operator", "tenant-admin", "deployer", "invoker"],
  "set-secrets": ["operator", "tenant-admin", "deployer"],
  "set-limits": ["operator", "tenant-admin"],
} as const;

export type Deed = keyof typeof roles;

export function mayDo(action: Deed, role: string): boolean {
  return (roles[action] as readonly string[]).includes(role);
}

/** Who may, in words: "operator, tenant-admin and deployer". */
export function whoMay(action: Deed): string {
  const all = [...roles[action]];
  return `${all.slice(0, -1).join(", ")} and ${all.at(-1)!}`;
}

import { runProgram } from "../run-program.ts";

export interface Mirror {
  main: string;
  security: string;
}

export const publicMirror: Mirror = {
  main: "http://deb.debian.org/debian",
  security: "http://deb.debian.org/debian-security",
};

/** The mirror in this host's own apt sources; Debian's public mirror if they name none. */
export async function hostMirror(): Promise<Mirror> {
  return mirrorFrom(await runProgram("apt-get", ["indextargets", "--format", "$(REPO_URI) $(COMPONENT)"]));
}

/** @param targets lines of "<repository URI> <component>" */
export function mirrorFrom(targets: string): Mirror {
  const uris = targets
    .split("\n")
    .filter((line) => line.endsWith(" main"))
    .map((line) => line.slice(0, line.indexOf(" ")).replace(/\/$/, ""));
  return {
    // The path ends in "/debian", or has a snapshot's date after it; repositories such as docker.com/linux/debian have no component main.
    main: uris.find((uri) => /^https?:\/\/.*\/debian(\/\d{8}T\d{6}Z)?$/.test(uri)) ?? publicMirror.main,
    security: uris.find((uri) => /^https?:\/\/.*\/debian-security(\/\d{8}T\d{6}Z)?$/.test(uri)) ?? publicMirror.security,
  };
}

/** The systemd unit that `mayfly install` writes: hardened as far as machines allow, which need root, namespaces, control groups and a chroot. */
export interface UnitOptions {
  /** An absolute path. */
  program: string;
  /** Flags after `serve`. */
  flags: string[];
  stateDir: string;
  cacheDir: string;
  runDir: string;
  /** The project's folder, which the server only reads. */
  folder: string;
}

/**
 * The unit leaves out the settings that would take away what machines need: RestrictNamespaces, PrivateUsers, ProtectControlGroups, PrivateDevices
 * (/dev/kvm), MemoryDenyWriteExecute (V8 and QEMU make code at run time), SystemCallFilter (gVisor and QEMU bring filters of their own).
 */
export function unitText({ program, flags, stateDir, cacheDir, runDir, folder }: UnitOptions): string {
  const command = [program, "serve", "--state", stateDir, "--cache", cacheDir, ...flags].map(quoted).join(" ");
  // Nothing below /run outlives a reboot, so systemd is told to make that folder at each start.
  const [, runtime] = /^\/run\/([\w-]+)(\/|$)/.exec(runDir) ?? [];
  // All servers of a host lock what they share below /run/lock; on a host without that folder there is nothing to open.
  const writable = [stateDir, cacheDir, ...(runtime === undefined ? [runDir] : []), "-/run/lock"];
  return `[Unit]
Description=Mayfly: functions of each application in virtual machines of their own
Documentation=file://${folder.replace(/\/$/, "")}/docs/running.md
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${command}
# The shell's own kill: /bin/kill is of a package that a minimal Debian has not.
ExecReload=/bin/sh -c "kill -HUP $MAINPID"
Restart=on-failure
RestartSec=2
# 2: bad usage, 3: a part is missing. Neither goes by itself.
RestartPreventExitStatus=2 3
# The supervisor ends its worker, and that its machines; what is left after the time goes with the group.
KillMode=mixed
TimeoutStopSec=60
StandardOutput=journal
StandardError=journal
SyslogIdentifier=mayfly
LimitNOFILE=65536
TasksMax=infinity
# Machines get control groups of their own below this one.
Delegate=yes
OOMPolicy=continue
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_MKNOD CAP_NET_ADMIN CAP_NET_BIND_SERVICE CAP_SETFCAP CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_RESOURCE
ProtectSystem=strict
ReadWritePaths=${writable.map(quoted).join(" ")}
${runtime === undefined ? "" : `RuntimeDirectory=${runtime}\nRuntimeDirectoryMode=0700\nRuntimeDirectoryPreserve=restart\n`}PrivateTmp=yes
ProtectHome=read-only
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=no
RestrictRealtime=yes
RestrictSUIDSGID=no
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
LockPersonality=yes
SystemCallArchitectures=native
KeyringMode=private

[Install]
WantedBy=multi-user.target
`;
}

/** Writes a word as systemd reads it: in quotes where it has spaces, with %% for a percent sign and $$ for a dollar. */
function quoted(word: string): string {
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

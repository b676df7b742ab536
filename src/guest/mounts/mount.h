/*
 * Mounts the exports, in a process of its own, because mount(2) waits for the server, whose bytes the other process carries.
 */
struct mount {
  const char *server, *address, *ports, *source, *path, *flags, *options;
};

enum { MS_NOSUID_NODEV = 2 | 4, CLONE_NEWUTS = 0x04000000 };

/* What went wrong, as the process tells it through a pipe. */
struct outcome {
  u32 mount;
  /* 0, or the number of an error. */
  int error;
  /* What failed, as a clause. */
  char what[96];
};

/* In the order in which they need each other. */
static const char *const common_modules[] = {"sunrpc", "grace", "lockd", "netfs", "fscache", "nfs", 0};
static const char *const modules_of_3[] = {"nfs_acl", "nfsv3", 0};
static const char *const modules_of_4[] = {"dns_resolver", "nfsv4", 0};

/* Returns 0, or an error. One that is loaded already is no error. */
static s64 load(const char *const *names) {
  for (; *names != 0; names++) {
    char path[64];
    *put(put(put(path, "/mayfly/modules/"), *names), ".ko") = 0;
    s64 file = CALL(open, path, O_RDONLY_CLOEXEC, 0, 0, 0);
    if (file < 0) return file;
    s64 result = CALL(finit_module, file, "", 0, 0, 0);
    /* The file's pages in the machine's memory are of no further use (POSIX_FADV_DONTNEED). */
    CALL(fadvise64, file, 0, 0, 4, 0);
    CALL(close, file, 0, 0, 0, 0);
    if (result < 0 && result != EEXIST) return result;
  }
  return 0;
}

/* Only the kernel's own modules could be loaded anyway, and now none can. */
static s64 forbid_more(void) {
  s64 file = CALL(open, "/proc/sys/kernel/modules_disabled", O_WRONLY_CLOEXEC, 0, 0, 0);
  if (file < 0) return file;
  s64 result = CALL(write, file, "1", 1, 0, 0);
  CALL(close, file, 0, 0, 0, 0);
  return result;
}

static int is_version_3(const struct mount *mount) {
  return begins_with(mount->options, "vers=3,");
}

/*
 * The client tells servers its host's name, by which NFS 4 tells clients apart: two machines of one name would end each other's sessions. The name is that of
 * this process only.
 */
static s64 take_name(void) {
  u8 random[8];
  char name[32];
  s64 result = CALL(unshare, CLONE_NEWUTS, 0, 0, 0, 0);
  if (result >= 0) result = CALL(getrandom, random, sizeof random, 0, 0, 0);
  if (result < 0) return result;
  char *at = put(name, "mayfly-");
  for (u32 i = 0; i < sizeof random; i++) {
    *at++ = "0123456789abcdef"[random[i] >> 4];
    *at++ = "0123456789abcdef"[random[i] & 15];
  }
  return CALL(sethostname, name, at - name, 0, 0, 0);
}

/* The machine's root is read-only, but has the first folders that a path may begin with. One in which further folders are needed gets a file system in memory. */
static s64 make_folder(const char *path, const char *top, int top_is_made) {
  u64 size = length(path);
  char part[1100];
  for (u64 i = 1; i <= size; i++) {
    if (path[i] != '/' && path[i] != 0) continue;
    copy(part, path, i);
    part[i] = 0;
    if (equal(part, path) && equal(part, top)) return 0;
    if (!equal(part, top)) {
      s64 made = CALL(mkdir, part, 0755, 0, 0, 0);
      if (made < 0 && made != EEXIST) return made;
    } else if (!top_is_made) {
      s64 mounted = CALL(mount, "tmpfs", part, "tmpfs", MS_NOSUID_NODEV, "mode=755");
      if (mounted < 0) return mounted;
    }
  }
  return 0;
}

/* Copies the first part of a path: "/mnt" of "/mnt/a/b". */
static void top_of(const char *path, char *top) {
  u32 i = 0;
  do top[i] = path[i], i++;
  while (path[i] != '/' && path[i] != 0 && i < 30);
  top[i] = 0;
}

static int has_top_before(const struct mount *mounts, u32 at, const char *top) {
  char other[32];
  for (u32 i = 0; i < at; i++) {
    top_of(mounts[i].path, other);
    if (equal(other, top)) return 1;
  }
  return 0;
}

static void tell(s64 pipe, u32 mount, s64 error, const char *what) {
  static struct outcome outcome;
  outcome.mount = mount;
  outcome.error = (int)-error;
  copy(outcome.what, what, length(what));
  CALL(write, pipe, &outcome, sizeof outcome, 0, 0);
  CALL(exit, error < 0, 0, 0, 0, 0);
}

/* Tells the outcome through the pipe. Never returns. */
static void mount_all(const struct mount *mounts, u32 count, s64 pipe) {
  /* The agent reads until these are closed, and need not wait for this process. */
  CALL(close, STDOUT, 0, 0, 0, 0);
  CALL(close, STDERR, 0, 0, 0, 0);
  s64 result = take_name();
  if (result < 0) tell(pipe, 0, result, "the machine cannot take a name of its own");
  result = load(common_modules);
  for (u32 i = 0; i < count && result >= 0; i++) result = load(is_version_3(&mounts[i]) ? modules_of_3 : modules_of_4);
  if (result >= 0) result = forbid_more();
  if (result < 0) tell(pipe, 0, result, "the machine's kernel does not take its NFS client");
  for (u32 i = 0; i < count; i++) {
    char top[32];
    top_of(mounts[i].path, top);
    result = make_folder(mounts[i].path, top, has_top_before(mounts, i, top));
    if (result < 0) tell(pipe, i, result, "the folder cannot be made");
    const char *flags = mounts[i].flags;
    result = CALL(mount, mounts[i].source, mounts[i].path, "nfs", digits(&flags) | MS_NOSUID_NODEV, mounts[i].options);
    if (result < 0) tell(pipe, i, result, "");
  }
  tell(pipe, 0, 0, "");
}

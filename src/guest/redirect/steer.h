/*
 * Linux: a small program in the kernel, asked for the listener of each new TCP connection, gives those that are not to the machine's loopback to our
 * listener. It costs nothing for packets of connections that exist, and no connection tracking, which would also see every packet of the channel.
 * The address that was meant is the local one of the connection.
 */
struct bpf_instruction {
  u8 code;
  /* The destination in the lower four bits, the source in the upper ones. */
  u8 registers;
  short offset;
  int immediate;
};

struct bpf_map_create {
  u32 map_type, key_size, value_size, max_entries;
};

struct bpf_map_update {
  u32 map, unused;
  u64 key, value, flags;
};

struct bpf_prog_load {
  u32 prog_type, instructions;
  u64 code, license;
  u32 log_level, log_size;
  u64 log;
  u32 kernel_version, prog_flags;
  char name[16];
  u32 device, expected_attach_type;
};

struct bpf_link_create {
  u32 program, target, attach_type, flags;
};

enum {
  BPF_MAP_CREATE = 0,
  BPF_MAP_UPDATE_ELEM = 2,
  BPF_PROG_LOAD = 5,
  BPF_LINK_CREATE = 28,
  BPF_MAP_TYPE_SOCKMAP = 15,
  BPF_PROG_TYPE_SK_LOOKUP = 30,
  BPF_SK_LOOKUP = 36,
  MAP_LOOKUP_ELEM = 1,
  SK_RELEASE = 86,
  SK_ASSIGN = 124
};

#define LOAD(to, from, at) {0x61, to | from << 4, at, 0}
#define COPY(to, from) {0xbf, to | from << 4, 0, 0}
#define SET(to, value) {0xb7, to, 0, value}
#define AND(to, value) {0x57, to, 0, value}
#define OR(to, from) {0x4f, to | from << 4, 0, 0}
#define ADD(to, value) {0x07, to, 0, value}
#define IF_EQUAL(is, value, skip) {0x15, is, skip, value}
#define IF_OTHER(is, value, skip) {0x55, is, skip, value}
#define SKIP(count) {0x05, 0, count, 0}
#define STORE_WORD(to, at, value) {0x62, to, at, value}
#define LOAD_MAP(to, map) {0x18, to | 1 << 4, 0, map}, {0, 0, 0, 0}
#define CALL_KERNEL(function) {0x85, 0, 0, function}
#define EXIT {0x95, 0, 0, 0}

/* Fields of struct bpf_sk_lookup. */
enum { FAMILY = 8, PROTOCOL = 12, LOCAL_IP4 = 40, LOCAL_IP6 = 44, TCP = 6, SK_PASS = 1 };

static s64 bpf(int command, void *attributes, u32 size) {
  return CALL(bpf, command, attributes, size, 0, 0);
}

/* Returns 0, or an error where the kernel has no such programs. The kernel keeps it as long as a descriptor of it is open. */
static s64 steer_to(s64 listener) {
  struct bpf_map_create map_request = {BPF_MAP_TYPE_SOCKMAP, 4, 8, 1};
  s64 map = bpf(BPF_MAP_CREATE, &map_request, sizeof map_request);
  if (map < 0) return map;

  u32 first = 0;
  u64 socket = (u64)listener;
  struct bpf_map_update update = {(u32)map, 0, (u64)&first, (u64)&socket, 0};
  checked("telling the kernel of the listener", bpf(BPF_MAP_UPDATE_ELEM, &update, sizeof update));

  struct bpf_instruction code[] = {
    COPY(6, 1),
    LOAD(2, 6, PROTOCOL),
    IF_OTHER(2, TCP, 26),
    LOAD(2, 6, FAMILY),
    IF_OTHER(2, AF_INET, 4),
    /* IPv4: 127.0.0.0/8 stays. */
    LOAD(2, 6, LOCAL_IP4),
    AND(2, 0xff),
    IF_EQUAL(2, 127, 21),
    SKIP(6),
    /* IPv6: what begins with 96 zero bits stays: ::1. */
    LOAD(2, 6, LOCAL_IP6),
    LOAD(3, 6, LOCAL_IP6 + 4),
    OR(2, 3),
    LOAD(3, 6, LOCAL_IP6 + 8),
    OR(2, 3),
    IF_EQUAL(2, 0, 14),
    STORE_WORD(10, -4, 0),
    LOAD_MAP(1, (int)map),
    COPY(2, 10),
    ADD(2, -4),
    CALL_KERNEL(MAP_LOOKUP_ELEM),
    IF_EQUAL(0, 0, 7),
    COPY(7, 0),
    COPY(1, 6),
    COPY(2, 7),
    SET(3, 0),
    CALL_KERNEL(SK_ASSIGN),
    COPY(1, 7),
    CALL_KERNEL(SK_RELEASE),
    SET(0, SK_PASS),
    EXIT,
  };
  struct bpf_prog_load load = {0};
  load.prog_type = BPF_PROG_TYPE_SK_LOOKUP;
  load.instructions = sizeof code / sizeof code[0];
  load.code = (u64)code;
  load.license = (u64) "";
  load.expected_attach_type = BPF_SK_LOOKUP;
  s64 program = checked("loading the program that finds listeners", bpf(BPF_PROG_LOAD, &load, sizeof load));

  s64 network = checked("opening the network's namespace", CALL(open, "/proc/self/ns/net", 0, 0, 0, 0));
  struct bpf_link_create link = {(u32)program, (u32)network, BPF_SK_LOOKUP, 0};
  s64 attached = checked("attaching the program that finds listeners", bpf(BPF_LINK_CREATE, &link, sizeof link));
  /* Unlike the kernel's own, this descriptor stays open in the agent. */
  checked("keeping the program that finds listeners", CALL(dup, attached, 0, 0, 0, 0));
  CALL(close, attached, 0, 0, 0, 0);
  CALL(close, network, 0, 0, 0, 0);
  CALL(close, program, 0, 0, 0, 0);
  CALL(close, map, 0, 0, 0, 0);
  return 0;
}

/*
 * Makes every address one of the machine's own, at its loopback, so that a connection to any of them has a way and ends in the machine. The loopback's
 * and the channel's own networks stay as they are, because longer prefixes come first.
 */
struct route_request {
  u32 size;
  u16 type, flags;
  u32 sequence, sender;
  u8 family, prefix, source_prefix, service, table, protocol, scope, route_type;
  u32 route_flags;
  u16 device_size, device_type;
  u32 device;
};

struct address_request {
  u32 size;
  u16 type, flags;
  u32 sequence, sender;
  u8 family, prefix, address_flags, scope;
  u32 device;
  u16 local_size, local_type;
  u8 local[4];
  u16 address_size, address_type;
  u8 address[4];
};

enum {
  RTM_NEWADDR = 20,
  RTM_NEWROUTE = 24,
  /* NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_CREATE */
  ANSWERED_AND_NEW = 1 | 4 | 0x200 | 0x400,
  RT_TABLE_MAIN = 254,
  RTPROT_BOOT = 3,
  RT_SCOPE_HOST = 254,
  RTN_LOCAL = 2,
  RTA_OIF = 4,
  IFA_ADDRESS = 1,
  IFA_LOCAL = 2,
  LOOPBACK = 1
};

/* Returns the answer: 0, or the number of an error. */
static s64 ask_netlink(const void *request, u32 size) {
  static int answer[1024];
  s64 socket = checked("opening netlink", CALL(socket, AF_NETLINK, SOCK_RAW, 0, 0, 0));
  checked("writing to netlink", CALL(sendto, socket, request, size, 0, 0));
  checked("reading from netlink", CALL(recvfrom, socket, answer, sizeof answer, 0, 0));
  CALL(close, socket, 0, 0, 0, 0);
  /* The error's number comes after the header of 16 bytes. */
  return answer[4];
}

/* For Linux. The table is not that of local addresses, which would come before the way to the channel. */
static void route_all(u8 family) {
  struct route_request request = {0};
  request.size = sizeof request;
  request.type = RTM_NEWROUTE;
  request.flags = ANSWERED_AND_NEW;
  request.family = family;
  request.table = RT_TABLE_MAIN;
  request.protocol = RTPROT_BOOT;
  request.scope = RT_SCOPE_HOST;
  request.route_type = RTN_LOCAL;
  request.device_size = 8;
  request.device_type = RTA_OIF;
  request.device = LOOPBACK;
  checked("making the route", ask_netlink(&request, sizeof request));
}

/* For gVisor, which cannot be told routes: all of the network of an address of the loopback is the machine's own. It has no such thing for IPv6. */
static void own_all(void) {
  struct address_request request = {0};
  const u8 reserved[4] = {240, 0, 0, 1};
  request.size = sizeof request;
  request.type = RTM_NEWADDR;
  request.flags = ANSWERED_AND_NEW;
  request.family = AF_INET;
  request.prefix = 0;
  request.device = LOOPBACK;
  request.local_size = request.address_size = 8;
  request.local_type = IFA_LOCAL;
  request.address_type = IFA_ADDRESS;
  copy(request.local, reserved, sizeof reserved);
  copy(request.address, reserved, sizeof reserved);
  checked("adding the address", ask_netlink(&request, sizeof request));
}

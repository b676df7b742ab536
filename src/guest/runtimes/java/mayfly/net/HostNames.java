package mayfly.net;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import mayfly.json.JsonWriter;
import mayfly.wire.Protocol.Code;
import mayfly.wire.Protocol.Type;

/** Looks names up at the host, in the place of the libc's resolver, where nothing answers that: on OSv. It is what java.net.InetAddress asks, whose cache stays before it. */
final class HostNames implements InvocationHandler {
  private final Network network;
  private final GuestStreams streams;
  private final FoundNames names;
  private final Refusals refusals;
  /** Java's own. */
  private Object before;
  /** The machine's. */
  private String ownName;

  HostNames(Network network, GuestStreams streams, FoundNames names, Refusals refusals) {
    this.network = network;
    this.streams = streams;
    this.names = names;
    this.refusals = refusals;
  }

  void begin() throws ReflectiveOperationException {
    Class<?> service = Class.forName("java.net.InetAddress$NameService");
    Field field = InetAddress.class.getDeclaredField("nameService");
    field.setAccessible(true);
    before = field.get(null);
    ownName = readOwnName();
    field.set(null, Proxy.newProxyInstance(service.getClassLoader(), new Class<?>[] {service}, this));
  }

  private static String readOwnName() throws ReflectiveOperationException {
    Field field = InetAddress.class.getDeclaredField("impl");
    field.setAccessible(true);
    Method read = Class.forName("java.net.InetAddressImpl").getDeclaredMethod("getLocalHostName");
    read.setAccessible(true);
    return (String) read.invoke(field.get(null));
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] parameters) throws Throwable {
    switch (method.getName()) {
      case "lookupAllHostAddr":
        return addressesOf((String) parameters[0]);
      case "getHostByAddr":
        throw new UnknownHostException("names of addresses are not looked up");
      default:
        try {
          return method.invoke(before, parameters);
        } catch (InvocationTargetException error) {
          throw error.getCause();
        }
    }
  }

  private InetAddress[] addressesOf(String name) throws UnknownHostException {
    String lower = name.toLowerCase(Locale.ROOT);
    if (lower.equals("localhost") || lower.endsWith(".localhost") || name.equals(ownName)) {
      return new InetAddress[] {InetAddress.getByAddress(name, InetAddress.getLoopbackAddress().getAddress())};
    }
    LookUp started = new LookUp(name);
    network.post(started::begin);
    try {
      return started.found.join();
    } catch (CompletionException error) {
      // With the stack of the one that asked.
      throw new UnknownHostException(error.getCause().getMessage());
    }
  }

  /** One Resolve. All of it happens in the network's thread. */
  private final class LookUp implements GuestStreams.Question {
    private final String name;
    private final CompletableFuture<InetAddress[]> found = new CompletableFuture<>();
    private int stream;

    LookUp(String name) {
      this.name = name;
    }

    void begin() {
      if (!network.hasEgress()) {
        fail(Failure.NO_NETWORK);
        return;
      }
      // OSv has IPv4 only.
      stream = streams.ask(Type.RESOLVE, Map.of("host", name, "family", 4), this);
      if (stream == 0) fail(Failure.TOO_MANY);
    }

    private void fail(Failure failure) {
      boolean isUnknown = failure.name().equals("ENOTFOUND");
      if (!isUnknown) refusals.tell("look up " + JsonWriter.text(name), failure);
      found.completeExceptionally(new UnknownHostException(name + ": " + (isUnknown ? "Name or service not known" : failure.toString())));
    }

    private void succeed(List<?> addresses) {
      List<InetAddress> all = new ArrayList<>();
      for (Object each : addresses) {
        String address = (String) ((Map<?, ?>) each).get("address");
        try {
          // It is an address, so nothing is looked up.
          all.add(InetAddress.getByAddress(name, names.learn(name, InetAddress.getByName(address)).getAddress()));
        } catch (UnknownHostException error) {
          throw new IllegalStateException("the host sent the address " + address, error);
        }
      }
      found.complete(all.toArray(InetAddress[]::new));
    }

    @Override
    public void cut(String reason) {
      streams.close(stream);
      fail(Failure.of(Code.CANCELLED, reason));
    }

    @Override
    public void answer(Map<?, ?> message) {
      network.post(
          () -> {
            streams.close(stream);
            succeed((List<?>) message.get("addresses"));
          });
    }

    @Override
    public void reset(int code, String message) {
      network.post(
          () -> {
            streams.close(stream);
            fail(Failure.of(code, message));
          });
    }

    @Override
    public void data(byte[] chunk, boolean ended) {}

    @Override
    public void credit(int bytes) {}
  }
}

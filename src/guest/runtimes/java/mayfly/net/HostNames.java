package mayfly.net;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Looks names up at the host, in the place of the libc's resolver, where nothing answers that: on OSv. It is what java.net.InetAddress asks, whose cache stays before it. */
final class HostNames implements InvocationHandler {
  private static final int LONGEST_NAME = 255;
  /** The words of the libc. */
  private static final String UNKNOWN = "Name or service not known";

  private final Network network;
  private final LookUp.Parts parts;
  /** Java's own. */
  private Object before;
  /** The machine's. */
  private String ownName;

  HostNames(Network network, LookUp.Parts parts) {
    this.network = network;
    this.parts = parts;
  }

  void begin() throws ReflectiveOperationException {
    Class<?> service = Class.forName("java.net.InetAddress$NameService");
    Field field = InetAddress.class.getDeclaredField("nameService");
    field.setAccessible(true);
    before = field.get(null);
    ownName = readOwnName();
    field.set(null, Proxy.newProxyInstance(service.getClassLoader(), new Class<?>[] {service}, this));
  }

  /** Null if the kernel does not tell it. */
  private static String readOwnName() throws ReflectiveOperationException {
    Field field = InetAddress.class.getDeclaredField("impl");
    field.setAccessible(true);
    Method read = Class.forName("java.net.InetAddressImpl").getDeclaredMethod("getLocalHostName");
    read.setAccessible(true);
    try {
      return (String) read.invoke(field.get(null));
    } catch (InvocationTargetException error) {
      return null;
    }
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
    // The host takes a longer text for a break of the protocol, and no name of DNS is as long.
    if (name.length() > LONGEST_NAME) throw new UnknownHostException(name.substring(0, LONGEST_NAME) + "...: " + UNKNOWN);
    Asked started = new Asked(name, parts);
    // OSv has IPv4 only.
    network.post(() -> started.begin(4));
    try {
      return started.answer.join();
    } catch (CompletionException error) {
      // With the stack of the one that asked.
      throw new UnknownHostException(error.getCause().getMessage());
    }
  }

  private static final class Asked extends LookUp {
    private final CompletableFuture<InetAddress[]> answer = new CompletableFuture<>();

    Asked(String name, Parts parts) {
      super(name, parts);
    }

    @Override
    void succeeded(List<InetAddress> found) {
      answer.complete(found.stream().map(this::named).toArray(InetAddress[]::new));
    }

    private InetAddress named(InetAddress address) {
      try {
        return InetAddress.getByAddress(name, address.getAddress());
      } catch (UnknownHostException error) {
        throw new IllegalStateException("an address has a wrong length", error);
      }
    }

    @Override
    void failed(Failure failure, boolean isUnknown) {
      answer.completeExceptionally(new UnknownHostException(name + ": " + (isUnknown ? UNKNOWN : failure.toString())));
    }
  }
}

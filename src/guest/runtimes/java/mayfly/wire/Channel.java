package mayfly.wire;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import mayfly.Leave;

/**
 * The byte stream to the host: docs/guest-protocol.md, Transport.
 *
 * <p>Whatever it is, it is read and written by its descriptor. Java's own channels are closed by whoever is interrupted while it uses one, and a handler that prints may be interrupted at any time.
 *
 * @param transport tcp, unix or fd
 */
public record Channel(String transport, InputStream in, OutputStream out) {
  /** Ends the process if there is no channel. */
  public static Channel open() {
    String value = System.getenv("MAYFLY_CHANNEL");
    if (value == null) value = fromKernelCommandLine();
    int colon = value.indexOf(':');
    String transport = colon < 0 ? value : value.substring(0, colon);
    try {
      FileDescriptor descriptor = connect(transport, value.substring(colon + 1));
      return new Channel(transport, new FileInputStream(descriptor), new FileOutputStream(descriptor));
    } catch (IOException | ReflectiveOperationException | RuntimeException error) {
      throw Leave.now(1, "MAYFLY_CHANNEL is \"" + value + "\"; it must be tcp:address:port, unix:path or fd:number: " + error);
    }
  }

  private static FileDescriptor connect(String transport, String address) throws IOException, ReflectiveOperationException {
    switch (transport) {
      case "fd":
        Constructor<FileDescriptor> of = FileDescriptor.class.getDeclaredConstructor(int.class);
        of.setAccessible(true);
        return of.newInstance(Integer.parseInt(address));
      case "unix":
        return descriptorOf(SocketChannel.open(UnixDomainSocketAddress.of(address)));
      case "tcp":
        int colon = address.lastIndexOf(':');
        InetSocketAddress to = new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
        SocketChannel channel = SocketChannel.open(to);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        return descriptorOf(channel);
      default:
        throw new IllegalArgumentException("unknown transport");
    }
  }

  /** Never collected, because Java closes the descriptor of a channel that nobody refers to. */
  private static SocketChannel kept;

  private static FileDescriptor descriptorOf(SocketChannel channel) throws ReflectiveOperationException {
    kept = channel;
    Method get = channel.getClass().getDeclaredMethod("getFD");
    get.setAccessible(true);
    return (FileDescriptor) get.invoke(channel);
  }

  private static String fromKernelCommandLine() {
    try {
      for (String word : Files.readString(Path.of("/proc/cmdline")).trim().split("\\s+")) {
        if (word.startsWith("mayfly.channel=")) return word.substring("mayfly.channel=".length());
      }
    } catch (IOException error) {
      // No /proc: then there is no channel either, as the caller says.
    }
    return "";
  }
}

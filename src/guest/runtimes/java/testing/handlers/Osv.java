package shop;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Calendar;
import java.util.Date;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/** What a machine with the kernel OSv is asked, by the methods' names. */
public class Osv {
  /** In milliseconds since the epoch. */
  public Object clocks() {
    LongSupplier named = System::currentTimeMillis;
    return Arrays.asList(
        System.currentTimeMillis(),
        named.getAsLong(),
        new Date().getTime(),
        Calendar.getInstance().getTimeInMillis(),
        Instant.now().toEpochMilli(),
        Clock.systemUTC().millis(),
        Clock.tickMillis(ZoneOffset.UTC).millis(),
        ZonedDateTime.now(ZoneId.of("Asia/Tokyo")).toInstant().toEpochMilli(),
        LocalDateTime.now(ZoneOffset.UTC).toInstant(ZoneOffset.UTC).toEpochMilli(),
        new LogRecord(Level.INFO, "").getMillis());
  }

  /** Whether waits until a time of day end, and not before that. */
  public Object waitsUntil() throws InterruptedException {
    ReentrantLock lock = new ReentrantLock();
    Condition never = lock.newCondition();
    lock.lock();
    Date soon = new Date(System.currentTimeMillis() + 50);
    boolean isLate = !never.awaitUntil(soon) && System.currentTimeMillis() >= soon.getTime();
    long then = System.currentTimeMillis() + 50;
    while (System.currentTimeMillis() < then) LockSupport.parkUntil(then);
    LockSupport.parkUntil(this, Long.MIN_VALUE);
    Thread forever = new Thread(() -> LockSupport.parkUntil(Long.MAX_VALUE));
    forever.start();
    forever.join(50);
    boolean isWaiting = forever.isAlive();
    LockSupport.unpark(forever);
    return List.of(isLate, isWaiting);
  }

  /** What Java takes from the kernel's random source by itself. */
  public Object seeds() throws GeneralSecurityException {
    List<String> drawn = new ArrayList<>();
    for (String algorithm : new String[] {"NativePRNG", "NativePRNGBlocking", "NativePRNGNonBlocking", "SHA1PRNG", "DRBG"}) {
      drawn.add(Base64.getEncoder().encodeToString(SecureRandom.getInstance(algorithm).generateSeed(40)));
    }
    return drawn;
  }

  /** Connects while no more files can be opened, and talks once they can be. */
  public Object crowded() throws Exception {
    List<FileInputStream> files = new ArrayList<>();
    try (Socket before = new Socket("192.0.2.7", 7)) {
      exchange(before, 'a');
    }
    try {
      for (;;) files.add(new FileInputStream("/dev/null"));
    } catch (IOException error) {
      files.remove(0).close();
    }
    try (Socket socket = new Socket("192.0.2.7", 7)) {
      socket.setSoTimeout(20_000);
      Thread.sleep(100);
      for (FileInputStream file : files) file.close();
      return exchange(socket, 'b');
    }
  }

  /** A name that no DNS has. */
  public Object longName() {
    try {
      return InetAddress.getByName("n".repeat(100_000)).toString();
    } catch (UnknownHostException error) {
      return error.getMessage().length();
    }
  }

  /** Talks to the outside while it is made. */
  public static final class Client {
    private final String heard;

    public Client() throws IOException {
      try (Socket socket = new Socket("192.0.2.7", 7)) {
        heard = exchange(socket, 'c');
      }
    }

    public Object heard() {
      return heard;
    }
  }

  public Object files() throws IOException {
    try (FileInputStream file = new FileInputStream("data/words.txt")) {
      String first = new String(file.readAllBytes(), StandardCharsets.UTF_8);
      return List.of(first, Files.readString(Path.of("data/words.txt")), new File("data").getAbsolutePath());
    }
  }

  /** Every way to connect, to a server that sends back what it gets. */
  public Object connects() throws Exception {
    InetAddress found = InetAddress.getByName("echo.example");
    InetSocketAddress place = new InetSocketAddress(found, 7);
    List<String> heard = new ArrayList<>(List.of(found.toString()));
    try (Socket socket = new Socket("echo.example", 7)) {
      heard.add(socket.getRemoteSocketAddress() + " " + exchange(socket, 'a'));
    }
    try (Socket socket = new Socket()) {
      socket.bind(new InetSocketAddress(0));
      socket.connect(new InetSocketAddress("192.0.2.8", 7), 10_000);
      heard.add(exchange(socket, 'b'));
    }
    try (SocketChannel channel = SocketChannel.open(place)) {
      heard.add(channel.getRemoteAddress() + " " + exchange(channel.socket(), 'c'));
    }
    heard.add(withoutBlocking(place));
    try (AsynchronousSocketChannel channel = AsynchronousSocketChannel.open()) {
      channel.connect(place).get();
      channel.write(ByteBuffer.wrap(new byte[] {'e'})).get();
      ByteBuffer reply = ByteBuffer.allocate(1);
      channel.read(reply).get();
      heard.add(String.valueOf((char) reply.get(0)));
    }
    return heard;
  }

  private static String withoutBlocking(InetSocketAddress place) throws IOException {
    try (SocketChannel channel = SocketChannel.open(); Selector selector = Selector.open()) {
      channel.configureBlocking(false);
      if (!channel.connect(place)) {
        channel.register(selector, SelectionKey.OP_CONNECT);
        selector.select();
        channel.finishConnect();
      }
      channel.write(ByteBuffer.wrap(new byte[] {'d'}));
      channel.register(selector, SelectionKey.OP_READ);
      ByteBuffer reply = ByteBuffer.allocate(1);
      while (channel.read(reply) == 0) selector.select();
      return String.valueOf((char) reply.get(0));
    }
  }

  private static String exchange(Socket socket, char letter) throws IOException {
    socket.getOutputStream().write(letter);
    return String.valueOf((char) socket.getInputStream().read());
  }

  /** What stays in the machine, and what is refused. */
  public Object stays() throws Exception {
    List<Object> seen = new ArrayList<>();
    try (ServerSocket server = new ServerSocket(0); Socket socket = new Socket("localhost", server.getLocalPort()); Socket other = server.accept()) {
      other.getOutputStream().write('l');
      seen.add(String.valueOf((char) socket.getInputStream().read()));
    }
    seen.add(InetAddress.getLocalHost().isLoopbackAddress());
    try (Socket socket = new Socket("192.0.2.9", 7)) {
      seen.add(socket.getInputStream().read());
    } catch (SocketException error) {
      seen.add(error.getMessage());
    }
    try {
      seen.add(InetAddress.getByName("nobody.example").toString());
    } catch (UnknownHostException error) {
      seen.add(error.getMessage());
    }
    return seen;
  }

  public Object forks() throws IOException {
    System.out.println("forking");
    return new ProcessBuilder("/bin/true").start().pid();
  }
}

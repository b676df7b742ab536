package mayfly.osv;

import java.io.FileDescriptor;
import java.io.InputStream;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.util.concurrent.locks.LockSupport;
import jdk.internal.misc.VM;

/**
 * What LedCalls leads calls to: methods of the names and types of Java's own. Used under another name only, as a class of the package java.lang, which all classes see.
 */
public final class Detours {
  private Detours() {}

  /** By how many milliseconds the host's clock is ahead of the kernel's. */
  private static volatile long ahead = 0;

  /** Connects: (FileDescriptor, InetAddress, int) int. */
  public static volatile MethodHandle connect;

  /** Fills the array with random bytes of the kernel's: (byte[]) void. */
  public static volatile MethodHandle generateSeed;

  /** Fills the array with bytes of the stream, which is one of the kernel's random sources: (InputStream, byte[]) void. */
  public static volatile MethodHandle readFully;

  /** From now on, clocks show what the host's does. @param now milliseconds since the epoch */
  public static void shiftClock(long now) {
    ahead = now - System.currentTimeMillis();
  }

  /** System's. */
  public static long currentTimeMillis() {
    return System.currentTimeMillis() + ahead;
  }

  /** jdk.internal.misc.VM's: how many nanoseconds have passed since so many seconds after the epoch; -1 if they are too many. */
  public static long getNanoTimeAdjustment(long seconds) {
    long milliseconds = ahead;
    long passed = VM.getNanoTimeAdjustment(seconds - Math.floorDiv(milliseconds, 1_000L));
    return passed == -1 ? -1 : passed + Math.floorMod(milliseconds, 1_000L) * 1_000_000;
  }

  /** LockSupport's. The kernel waits until a time of its own clock. */
  public static void parkUntil(long deadline) {
    LockSupport.parkUntil(ofKernel(deadline));
  }

  /** LockSupport's. */
  public static void parkUntil(Object blocker, long deadline) {
    LockSupport.parkUntil(blocker, ofKernel(deadline));
  }

  /** Code may give a time at the end of all times, for one that never comes. */
  private static long ofKernel(long time) {
    long milliseconds = ahead;
    if (milliseconds < 0 && time > Long.MAX_VALUE + milliseconds) return Long.MAX_VALUE;
    return milliseconds > 0 && time < Long.MIN_VALUE + milliseconds ? Long.MIN_VALUE : time - milliseconds;
  }

  /** sun.security.provider.SeedGenerator's. */
  public static void generateSeed(byte[] bytes) throws Throwable {
    generateSeed.invokeExact(bytes);
  }

  /** sun.security.provider.NativePRNG.RandomIO's. */
  public static void readFully(InputStream in, byte[] bytes) throws Throwable {
    readFully.invokeExact(in, bytes);
  }

  /** sun.nio.ch.Net's. */
  public static int connect(FileDescriptor descriptor, InetAddress address, int port) throws Throwable {
    return (int) connect.invokeExact(descriptor, address, port);
  }

  /** sun.nio.ch.Net's. All sockets are IPv4's. */
  public static int connect(ProtocolFamily ignored, FileDescriptor descriptor, SocketAddress to) throws Throwable {
    InetSocketAddress place = (InetSocketAddress) to;
    return connect(descriptor, place.getAddress(), place.getPort());
  }
}

package mayfly.osv;

import java.io.InputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;

/**
 * Mixes the host's bytes into the random ones that Java takes from its kernel, which are the same in all clones of a template for a while. What is mixed in is the hash of a secret and a number that rises.
 */
final class HostEntropy {
  private static final MethodType SEED = MethodType.methodType(void.class, byte[].class);
  private static final MethodType READ = MethodType.methodType(void.class, InputStream.class, byte[].class);

  private final MethodHandle generateSeed;
  private final MethodHandle readFully;
  private final MessageDigest digest;
  /** Null until the host has given any. */
  private byte[] secret;

  private long number = 0;

  private HostEntropy() throws ReflectiveOperationException {
    generateSeed = javas("sun.security.provider.SeedGenerator", "generateSeed", SEED);
    readFully = javas("sun.security.provider.NativePRNG$RandomIO", "readFully", READ);
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException(error);
    }
  }

  private static MethodHandle javas(String owner, String name, MethodType type) throws ReflectiveOperationException {
    Class<?> found = Class.forName(owner, false, null);
    return MethodHandles.privateLookupIn(found, MethodHandles.lookup()).findStatic(found, name, type);
  }

  /** @param detours Detours, by whatever name */
  static HostEntropy begin(Class<?> detours) throws ReflectiveOperationException {
    HostEntropy made = new HostEntropy();
    MethodHandles.Lookup lookup = MethodHandles.lookup();
    detours.getField("generateSeed").set(null, lookup.bind(made, "generateSeed", SEED));
    detours.getField("readFully").set(null, lookup.bind(made, "readFully", READ));
    return made;
  }

  synchronized void add(byte[] bytes) {
    if (secret != null) digest.update(secret);
    secret = digest.digest(bytes);
  }

  private void generateSeed(byte[] bytes) throws Throwable {
    generateSeed.invokeExact(bytes);
    mixInto(bytes);
  }

  private void readFully(InputStream in, byte[] bytes) throws Throwable {
    readFully.invokeExact(in, bytes);
    mixInto(bytes);
  }

  private synchronized void mixInto(byte[] bytes) {
    if (secret == null) return;
    byte[] block = new byte[0];
    for (int at = 0, used = 0; at < bytes.length; at++, used++) {
      if (used == block.length) {
        digest.update(secret);
        for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) digest.update((byte) (number >> shift));
        number++;
        block = digest.digest();
        used = 0;
      }
      bytes[at] ^= block[used];
    }
  }
}

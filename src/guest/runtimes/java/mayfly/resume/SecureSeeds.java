package mayfly.resume;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives Java's secure generators bytes of this machine's own. All instances of one of these algorithms share one state, into which the bytes are mixed, so that every SecureRandom, UUID.randomUUID and TLS draw other bytes than a sibling, even if the kernel gives both the same.
 *
 * <p>Not reached: an instance of another algorithm (DRBG, SHA1PRNG) that is there already. It has a state of its own.
 */
final class SecureSeeds {
  private SecureSeeds() {}

  private static final String[] ALGORITHMS = {"NativePRNG", "NativePRNGNonBlocking", "NativePRNGBlocking"};
  /** One of each, made once. */
  private static final Map<String, SecureRandom> instances = new HashMap<>();

  static void mixIn(byte[] bytes, List<String> failures) {
    for (String algorithm : ALGORITHMS) {
      try {
        SecureRandom instance = instances.get(algorithm);
        if (instance == null) instances.put(algorithm, instance = SecureRandom.getInstance(algorithm, "SUN"));
        instance.setSeed(bytes);
      } catch (GeneralSecurityException | RuntimeException error) {
        failures.add("SecureRandom's " + algorithm + " was not reseeded: " + error);
      }
    }
    try {
      Seeders.mixIn(bytes);
    } catch (ReflectiveOperationException | RuntimeException error) {
      failures.add("what SecureRandom's other algorithms take seeds from was not reseeded: " + error);
    }
  }
}

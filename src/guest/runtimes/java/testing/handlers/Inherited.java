package shop;

import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** What others have inherited from a class that only this package knows. */
abstract class Ancestor<T> {
  private long id;

  public long getId() {
    return id;
  }

  public void setId(long id) {
    this.id = id;
  }

  public Object same(T input) {
    return input;
  }
}

public class Inherited extends Ancestor<Inherited> {
  private final StringBuilder set = new StringBuilder();
  private OptionalInt some;
  public OptionalLong none = OptionalLong.of(1);
  public OptionalDouble missing;

  public OptionalInt getSome() {
    return some;
  }

  public void setSome(OptionalInt some) {
    this.some = some;
  }

  /** Which setters were called. */
  public String getSet() {
    return set.toString();
  }

  public int getA() {
    return 1;
  }

  public void setA(String wrong) {
    set.append("wrong");
  }

  public void setA(int right) {
    set.append("a");
  }

  public void setB(int right) {
    set.append("b");
  }

  public void setB(String wrong) {
    set.append("wrong");
  }

  public int getB() {
    return 2;
  }

  public void setC(long wrong) {
    set.append("wrong");
  }

  public void setC(int right) {
    set.append("c");
  }

  public int getC() {
    return 3;
  }

  public void setC(Object wrong) {
    set.append("wrong");
  }
}

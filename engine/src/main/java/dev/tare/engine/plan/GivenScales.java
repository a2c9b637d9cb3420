package dev.tare.engine.plan;

import dev.tare.engine.quant.Codebook;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import java.util.Locale;
import java.util.Optional;

/**
 * Takes the scales of one tensor from the table of its plan, in order: compares them with those
 * that the plan's text lists, or keeps them where the text only says how many there are.
 *
 * <p>Memory grows with what was added, not with what the text says. Not thread-safe.
 */
public final class GivenScales {

  private final String tensor;
  private final Role role;
  private final Format format;
  private final Target target;
  private final boolean blocks;
  private final int count;
  private final Optional<ScaleColumns> listed;
  private final ScaleColumns.Builder kept;
  private double share;
  private double sqnrDb;
  private int given;

  private GivenScales(
      String tensor,
      Role role,
      Format format,
      Target target,
      boolean blocks,
      int count,
      Optional<ScaleColumns> listed) {
    this.tensor = tensor;
    this.role = role;
    this.format = format;
    this.target = target;
    this.blocks = blocks;
    this.count = count;
    this.listed = listed;
    this.kept = new ScaleColumns.Builder(target.type(), 0);
  }

  /** For scales that the text lists. */
  static GivenScales listed(TensorPlan plan) {
    return new GivenScales(
        plan.tensor(),
        plan.role(),
        plan.format(),
        plan.target(),
        plan.granularity().blockSize().isPresent(),
        plan.channels().size(),
        Optional.of(plan.channels()));
  }

  /** For scales that are elsewhere. */
  static GivenScales elsewhere(
      String tensor, Role role, Format format, Target target, boolean blocks, int count) {
    return new GivenScales(tensor, role, format, target, blocks, count, Optional.empty());
  }

  public String tensor() {
    return tensor;
  }

  public Role role() {
    return role;
  }

  public Format format() {
    return format;
  }

  /**
   * Adds the next scale, as the table has it.
   *
   * @param index its position, which must be the number of those before it
   * @throws IllegalArgumentException naming the tensor, if it is not the next one, cannot be, is
   *     another than the text lists, or differs from other blocks in what all blocks share
   */
  public void add(
      int index,
      float low,
      float high,
      float scale,
      int zeroPoint,
      double clippedShare,
      double expectedSqnrDb) {
    ChannelPlan entry;
    try {
      entry =
          new ChannelPlan(
              new Range(low, high),
              new QuantParams(target.type(), scale, zeroPoint, codebook(index)),
              clippedShare,
              expectedSqnrDb);
    } catch (IllegalArgumentException e) {
      throw refused("%s, at %d of the table".formatted(e.getMessage(), index));
    }
    add(index, entry);
  }

  /** The table has no tables of numbers: those of the text are taken. */
  private Optional<Codebook> codebook(int index) {
    return listed
        .filter(scales -> index >= 0 && index < scales.size())
        .flatMap(scales -> scales.params(index).codebook());
  }

  void add(int index, ChannelPlan entry) {
    if (index >= count || given >= count) {
      throw refused(
          "the table has a scale %d, but the text says that there are %d".formatted(index, count));
    }
    if (index != given) {
      throw refused("the table has scale %d where %d must be next".formatted(index, given));
    }
    if (listed.isEmpty()) {
      keep(index, entry);
    } else if (!listed.get().get(index).equals(entry)) {
      throw refused(
          "the text and the table contradict each other at %d: %s vs %s"
              .formatted(index, listed.get().get(index), entry));
    }
    given++;
  }

  private void keep(int index, ChannelPlan entry) {
    if (blocks) {
      if (index == 0) {
        share = entry.clippedShare();
        sqnrDb = entry.expectedSqnrDb();
      }
      QuantParams params = entry.params();
      float low = represented(target.limits().qmin(), params);
      float high = represented(target.limits().qmax(), params);
      ChannelPlan expected = new ChannelPlan(new Range(low, high), params, share, sqnrDb);
      if (!expected.equals(entry)) {
        throw refused(
            "block %d is %s in the table, but must be %s".formatted(index, entry, expected));
      }
    }
    kept.add(entry);
  }

  private static float represented(int code, QuantParams params) {
    return ScaleColumns.represented(code, params.zeroPoint(), params.scale());
  }

  /**
   * Whether every scale was given.
   *
   * @throws IllegalArgumentException naming the tensor, if one is missing
   */
  public void requireAll() {
    if (given != count) {
      throw refused("the table has %d of its %d scales".formatted(given, count));
    }
  }

  /** The scales, from the text or from what was given. */
  ScaleColumns scales() {
    if (listed.isPresent()) {
      return listed.get();
    }
    if (given != count) {
      throw refused("its %d scales are in the plan's table, which gave %d".formatted(count, given));
    }
    return blocks ? kept.buildBlocks(target.limits(), share, sqnrDb) : kept.build();
  }

  private IllegalArgumentException refused(String what) {
    return new IllegalArgumentException(
        "Invalid plan of %s '%s': %s"
            .formatted(role.name().toLowerCase(Locale.ROOT), tensor, what));
  }
}
